0
policy --help
