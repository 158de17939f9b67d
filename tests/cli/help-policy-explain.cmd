0
policy explain --help
