3
monitor check --bogus
