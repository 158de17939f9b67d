69
monitor record --count 1 --output nowhere/x --node 127.0.0.1:1,management=1,prometheus=1
