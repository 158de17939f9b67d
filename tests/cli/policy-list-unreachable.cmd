69
policy list --node 127.0.0.1:1,management=1
env RMQHA_PASSWORD=x
