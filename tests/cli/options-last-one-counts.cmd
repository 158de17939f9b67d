64
connect --vhost a --connection-attempts x --connection-attempts y
