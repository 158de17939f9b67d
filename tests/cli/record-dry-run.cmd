64
monitor record --dry-run
