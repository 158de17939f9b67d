78
monitor serve --listen 127.0.0.1:0 --tls-cert .config/rmqha/config.toml --tls-key .config/rmqha/config.toml
env RMQHA_PASSWORD=x
config current = ""
