64
publish --node 127.0.0.1:1 --ndjson --failed stdin
stdin {"body":"x"}\n
