69
publish --node 127.0.0.1:1 --checkpoint none/cp -r jobs hello
