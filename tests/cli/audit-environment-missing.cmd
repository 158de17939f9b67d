65
monitor audit --node 127.0.0.1:1 --environment nowhere.json
env RMQHA_PASSWORD=x
