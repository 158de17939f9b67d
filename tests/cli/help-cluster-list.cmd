0
cluster list --help
