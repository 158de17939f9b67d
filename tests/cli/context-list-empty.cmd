0
context list
