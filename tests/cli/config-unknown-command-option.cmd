78
publish hello
config [publish]
config windw = 5
