0
queue status --help
