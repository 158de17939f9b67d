64
frobnicate
