0
__complete monitor check nodes q
