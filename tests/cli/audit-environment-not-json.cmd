65
monitor audit --node 127.0.0.1:1 --environment -
env RMQHA_PASSWORD=x
stdin Application environment of node rabbit@a ...\n[{accept,[]}]\n
