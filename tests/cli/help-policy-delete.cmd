0
policy delete --help
