64
connect --passphrase=hunter2
secret hunter2
