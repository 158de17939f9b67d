78
connect --config nowhere.toml
