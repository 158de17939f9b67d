0
policy show --help
