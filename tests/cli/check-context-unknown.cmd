3
--context nope monitor check
