0
consume --help
