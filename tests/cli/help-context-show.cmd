0
context show --help
