65
--node localhost:1 queue purge --pattern '('
