64
publish --window 0 hello
env RMQHA_PUBLISH_WINDOW=1000001x
config [publish]
config window = -5
