0
queue declare --help
