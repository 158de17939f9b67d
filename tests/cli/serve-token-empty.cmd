78
monitor serve --bearer-token-file /dev/null
