64
consume
