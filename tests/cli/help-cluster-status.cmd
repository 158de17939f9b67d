0
cluster status --help
