0
context list
config [output]
config quiet = true
