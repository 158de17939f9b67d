0
context --help
