64
policy set limit '' --node 127.0.0.1:1,management=1
