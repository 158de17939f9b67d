69
--connection-attempts 1 --node 127.0.0.1:1 --node 127.0.0.1:2 connect --strategy in_order
