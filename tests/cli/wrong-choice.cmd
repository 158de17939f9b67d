64
queue declare --type qorum jobs
