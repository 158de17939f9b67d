64
connect --uri amqp://ops:hunter2@127.0.0.1:port/
secret hunter2
