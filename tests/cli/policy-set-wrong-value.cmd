64
policy set limit '' overflow=drop-haed --node 127.0.0.1:1,management=1
