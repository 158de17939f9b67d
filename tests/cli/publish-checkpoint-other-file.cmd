65
publish --node 127.0.0.1:1 --lines --checkpoint stdin -r jobs
stdin a\nb\n
