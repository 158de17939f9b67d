3
--node 127.0.0.1:1 monitor check --alertmanager alertmanager:9093
