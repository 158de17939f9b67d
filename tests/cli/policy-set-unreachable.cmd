69
policy set limit '' max-length=5 --dry-run --node 127.0.0.1:1,management=1
env RMQHA_PASSWORD=x
