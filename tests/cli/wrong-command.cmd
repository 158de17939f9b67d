64
pubish hello
