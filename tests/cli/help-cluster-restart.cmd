0
cluster restart --help
