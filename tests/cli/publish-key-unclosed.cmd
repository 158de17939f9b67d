64
publish --node 127.0.0.1:1 -r 'user.{id' hello
