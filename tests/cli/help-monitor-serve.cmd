0
monitor serve --help
