3
--format table monitor check
