3
monitor check --user ops --node 127.0.0.1:1
