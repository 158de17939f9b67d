0
queue delete --help
