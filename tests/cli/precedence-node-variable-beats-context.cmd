69
connect --connection-attempts 1
env RMQHA_NODE=127.0.0.1:2 127.0.0.1:3
env RMQHA_STRATEGY=in_order
config current = "prod"
config [contexts.prod]
config user = "ops"
config [[contexts.prod.nodes]]
config host = "127.0.0.1"
config port = 1
