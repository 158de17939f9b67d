0
queue --help
