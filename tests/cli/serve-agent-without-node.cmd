64
monitor serve --listen 127.0.0.1:0 --agent-listen 127.0.0.1:0=
