64
connect --hold 1s --node 127.0.0.1:1
