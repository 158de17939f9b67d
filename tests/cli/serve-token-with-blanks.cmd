78
monitor serve --bearer-token-file .config/rmqha/config.toml
config # two words
