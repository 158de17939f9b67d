0
policy export --help
