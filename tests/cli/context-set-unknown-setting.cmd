64
context set prod hosst=rabbit1
