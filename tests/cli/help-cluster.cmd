0
cluster --help
