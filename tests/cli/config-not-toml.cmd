78
connect
config current =
