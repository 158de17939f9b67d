69
--help
stdout full
