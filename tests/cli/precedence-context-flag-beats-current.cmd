69
connect --connection-attempts 1 --context spare
config current = "prod"
config [contexts.prod]
config user = "ops"
config [[contexts.prod.nodes]]
config host = "127.0.0.1"
config port = 1
config [[contexts.spare.nodes]]
config host = "127.0.0.1"
config port = 4
