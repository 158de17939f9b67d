64
monitor serve --listen ::1:15693
