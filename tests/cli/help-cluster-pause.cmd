0
cluster pause --help
