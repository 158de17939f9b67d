64
connect --format yaml
