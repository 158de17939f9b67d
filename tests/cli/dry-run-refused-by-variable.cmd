64
publish hello
env RMQHA_DRY_RUN=true
