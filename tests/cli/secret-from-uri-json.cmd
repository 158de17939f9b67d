69
connect --verbose --format json --connection-attempts 1 --uri amqp://ops:hunter2@127.0.0.1:1
secret hunter2
