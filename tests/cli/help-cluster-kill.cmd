0
cluster kill --help
