69
--node 127.0.0.1:1 --connection-attempts 1 connect
