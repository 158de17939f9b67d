3
monitor check --exec true --exec-timeout 10s
