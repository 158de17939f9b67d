0
queue rebalance --help
