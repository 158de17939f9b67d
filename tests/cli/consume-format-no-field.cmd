64
--node 127.0.0.1:1 consume jobs --format boddy
