64
queue status
