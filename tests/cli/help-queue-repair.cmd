0
queue repair --help
