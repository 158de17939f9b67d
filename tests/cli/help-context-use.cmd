0
context use --help
