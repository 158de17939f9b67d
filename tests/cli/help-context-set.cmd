0
context set --help
