69
publish --connection-attempts 1 --node 127.0.0.1:1 --checkpoint cp -r jobs hello
