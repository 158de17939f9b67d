0
policy lint --help
