64
policy set limit '' max-lenght=5 --node 127.0.0.1:1,management=1
