78
publish hello
config current = "a"
config [publish]
config window = -5
config [contexts.a.publish]
config window = -7
config [[contexts.a.nodes]]
config host = "127.0.0.1"
