0
policy set --help
