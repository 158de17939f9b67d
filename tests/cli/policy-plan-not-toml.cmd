65
policy plan .config/rmqha/config.toml --config /dev/null
config policies = [
