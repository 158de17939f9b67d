64
--vhots / connect
