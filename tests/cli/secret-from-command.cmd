69
connect --verbose --connection-attempts 1 --node 127.0.0.1:1 --user ops --password-command 'echo hunter2'
secret hunter2
