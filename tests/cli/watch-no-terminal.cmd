64
monitor watch --node 127.0.0.1:1
