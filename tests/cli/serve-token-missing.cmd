78
monitor serve --bearer-token-file token
