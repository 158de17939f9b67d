64
connect --deadline 3
