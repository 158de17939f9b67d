64
publish hello
env RMQHA_PUBLISH_WINDOW=none
config [publish]
config window = -5
