3
monitor check nodez
