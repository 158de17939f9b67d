64
publish --node 127.0.0.1:1 --failed failed --no-confirm -r jobs hello
