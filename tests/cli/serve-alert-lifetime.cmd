64
--node 127.0.0.1:1 monitor serve --alertmanager http://127.0.0.1:1 --alert-lifetime 20s
