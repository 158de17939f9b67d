64
connect --password hunter2
secret hunter2
