2
--node 127.0.0.1:1 monitor check nodes --alertmanager http://127.0.0.1:1 --alertmanager-token-file none
env RMQHA_PASSWORD=x
