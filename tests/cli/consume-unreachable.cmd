69
consume --connection-attempts 1 --node 127.0.0.1:1 jobs
