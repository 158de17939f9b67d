78
connect
config [contexts.a]
config hosst = "x"
