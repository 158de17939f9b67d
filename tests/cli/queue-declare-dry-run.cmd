0
queue declare --dry-run --node 127.0.0.1:1 jobs
