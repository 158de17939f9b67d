64
queue declair jobs
