64
publish --confirm-timeout 5x hello
