64
publish -r q --count 3 body
