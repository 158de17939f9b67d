0
cluster down --help
