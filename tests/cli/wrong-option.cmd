64
connect --strateyg random
