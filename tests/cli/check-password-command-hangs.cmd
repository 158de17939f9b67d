3
monitor check --user ops --node 127.0.0.1:1 --deadline 200ms --password-command 'sleep 60'
