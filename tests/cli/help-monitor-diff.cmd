0
monitor diff --help
