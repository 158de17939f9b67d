0
cluster list
