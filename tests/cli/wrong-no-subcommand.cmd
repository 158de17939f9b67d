64
queue
