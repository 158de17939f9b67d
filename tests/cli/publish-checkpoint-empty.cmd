65
publish --node 127.0.0.1:1 --checkpoint stdout -r jobs hello
