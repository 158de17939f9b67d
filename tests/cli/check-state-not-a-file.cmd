2
monitor check nodes --node 127.0.0.1:1,management=1,prometheus=1 --state-file /dev/null
