64
consume jobs --peek --auto-ack
