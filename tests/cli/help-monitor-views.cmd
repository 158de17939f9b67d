0
monitor views --help
