0
monitor --help
