64
connect -phunter2
secret hunter2
