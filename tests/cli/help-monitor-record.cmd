0
monitor record --help
