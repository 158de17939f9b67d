0
policy set-ha --help
