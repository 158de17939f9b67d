64
--node localhost:1 queue list --columns name --format json
