64
pubish --help
