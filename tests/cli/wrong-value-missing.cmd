64
connect --vhost
