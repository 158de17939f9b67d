64
policy set-ha ha '' --mode exact --node 127.0.0.1:1,management=1
