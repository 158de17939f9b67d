64
consume jobs --
