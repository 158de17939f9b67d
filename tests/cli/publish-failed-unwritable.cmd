69
publish --node 127.0.0.1:1 --failed none/failed -r jobs hello
