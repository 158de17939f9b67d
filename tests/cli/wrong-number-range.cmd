64
publish --window 0 hello
