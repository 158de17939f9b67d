0
cluster up --help
