69
monitor serve --listen 192.0.2.1:15693
