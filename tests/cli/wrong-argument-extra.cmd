64
connect here
