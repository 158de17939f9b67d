0
context show prod --format json
config [contexts.prod]
config uri = "amqp://ops:hunter2@127.0.0.1:1"
secret hunter2
