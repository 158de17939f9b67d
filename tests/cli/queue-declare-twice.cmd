64
queue declare x --max-length 5 --argument x-max-length:int=4
