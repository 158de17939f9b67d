64
connect --strategy roundrobin
