78
connect
config [output]
config format = "yaml"
