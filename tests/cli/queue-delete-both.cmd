64
queue delete a --pattern b
