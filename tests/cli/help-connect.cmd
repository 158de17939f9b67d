0
connect --help
