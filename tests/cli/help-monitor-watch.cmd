0
monitor watch --help
