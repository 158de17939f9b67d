3
monitor check --for 3
