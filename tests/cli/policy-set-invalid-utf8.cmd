64
policy set limit '' $'max-l\xffength=5' --node 127.0.0.1:1,management=1
