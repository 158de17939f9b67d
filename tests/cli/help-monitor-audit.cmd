0
monitor audit --help
