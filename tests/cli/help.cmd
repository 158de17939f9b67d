0
 --help
