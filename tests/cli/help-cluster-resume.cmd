0
cluster resume --help
