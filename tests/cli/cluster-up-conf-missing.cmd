78
cluster up --conf missing.conf
