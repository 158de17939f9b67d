69
connect --node 127.0.0.1:1 --connection-attempts 1
env XDG_STATE_HOME=/dev/null
