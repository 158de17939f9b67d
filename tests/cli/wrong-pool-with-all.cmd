64
connect --pool 2 --all --node 127.0.0.1:1
