65
monitor diff stdout
