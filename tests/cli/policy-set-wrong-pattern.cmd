65
policy set limit '(orders' max-length=5 --node 127.0.0.1:1,management=1
