64
publish --node 127.0.0.1:1 --checkpoint cp --no-confirm -r jobs hello
