64
--node localhost:1 queue list --columns nme
