0
monitor check --help
