0
--help
stdout closed
