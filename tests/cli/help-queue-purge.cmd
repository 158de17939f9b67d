0
queue purge --help
