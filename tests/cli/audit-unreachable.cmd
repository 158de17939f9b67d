69
monitor audit --node 127.0.0.1:1,management=1,prometheus=1
