3
monitor check --memory-usage-max 90,80
