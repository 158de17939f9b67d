0
queue list --help
