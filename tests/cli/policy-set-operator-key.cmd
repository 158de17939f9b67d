64
policy set limit '' queue-mode=lazy --operator --node 127.0.0.1:1,management=1
