0
context set prod vhost=orders node=rabbit1 --dry-run
config # mine
config [contexts.prod]
config user = "ops"
config [[contexts.prod.nodes]]
config host = "127.0.0.1"
config port = 1
