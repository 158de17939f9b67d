64
queue declare x --type stream --max-length 5
