0
policy apply --help
