64
policy set limit '' max-length=5 --apply-to quorum --node 127.0.0.1:1,management=1
