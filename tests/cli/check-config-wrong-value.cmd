3
monitor check --config .config/rmqha/config.toml
config [monitor.check]
config for = "three"
