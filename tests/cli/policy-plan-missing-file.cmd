65
policy plan nowhere.toml
