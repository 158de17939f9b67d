0
publish --help
