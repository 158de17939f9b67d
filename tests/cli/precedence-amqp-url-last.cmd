69
connect --connection-attempts 1
env AMQP_URL=amqp://ops:hunter2@127.0.0.1:5
secret hunter2
