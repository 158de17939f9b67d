64
connect --node 127.0.0.1:99999
