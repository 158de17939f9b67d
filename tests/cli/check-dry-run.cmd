3
monitor check --dry-run
