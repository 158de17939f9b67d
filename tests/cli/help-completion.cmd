0
completion --help
