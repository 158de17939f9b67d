64
consume -- cat
