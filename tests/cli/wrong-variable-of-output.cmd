64
connect
env RMQHA_FORMAT=yaml
