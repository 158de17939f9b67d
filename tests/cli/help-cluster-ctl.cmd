0
cluster ctl --help
