0
context use prod --dry-run
config [contexts.prod]
config user = "ops"
config [[contexts.prod.nodes]]
config host = "127.0.0.1"
config port = 1
