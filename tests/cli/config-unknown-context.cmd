64
connect --context prd
config [contexts.prod]
config [[contexts.prod.nodes]]
config host = "127.0.0.1"
