0
policy list --help
