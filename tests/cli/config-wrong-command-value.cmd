78
publish hello
config [publish]
config window = 0
