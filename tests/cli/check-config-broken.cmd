3
monitor check --config .config/rmqha/config.toml
config x = [
