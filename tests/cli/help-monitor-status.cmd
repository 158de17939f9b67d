0
monitor status --help
