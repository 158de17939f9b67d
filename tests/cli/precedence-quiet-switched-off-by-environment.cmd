0
context list
env RMQHA_QUIET=false
config [output]
config quiet = true
