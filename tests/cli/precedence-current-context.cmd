69
connect --connection-attempts 1
config current = "prod"
config [contexts.prod]
config user = "ops"
config [[contexts.prod.nodes]]
config host = "127.0.0.1"
config port = 1
env RMQHA_PASSWORD=hunter2
