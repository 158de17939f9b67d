64
consume events --offset yesterday
