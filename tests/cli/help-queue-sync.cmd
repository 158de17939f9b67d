0
queue sync --help
