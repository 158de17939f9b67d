64
--node 127.0.0.1:1 --format json consume jobs --null
