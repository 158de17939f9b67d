64
publish --node 127.0.0.1:1 --lines --checkpoint f --failed f -r jobs
stdin a\nb\n
