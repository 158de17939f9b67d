0
publish --node 127.0.0.1:1 --checkpoint stdin -r jobs --repeat 2 hello
stdin {"schema_version":1,"kind":"rmqha publish checkpoint","run":"1f","done":2,"complete":true,"input":{"records":2,"bytes":0,"digest":"2a86e7b882d801b3","digest_from":{"records":0,"bytes":0}},"target":{"exchange":"","kind of input":"one message","routing key":"jobs","vhost":"/"}}
