64
consume jobs cat
