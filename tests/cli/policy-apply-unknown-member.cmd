65
policy apply .config/rmqha/config.toml --config /dev/null
config [[polices]]
