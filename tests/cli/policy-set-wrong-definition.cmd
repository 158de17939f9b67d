64
policy set limit '' --definition '{"max-length": ' --node 127.0.0.1:1,management=1
