0
context list --help
