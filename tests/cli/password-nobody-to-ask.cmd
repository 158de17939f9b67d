78
connect --node 127.0.0.1:1 --user ops
