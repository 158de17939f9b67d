64
cluster down --dry-run
