0
policy plan --help
