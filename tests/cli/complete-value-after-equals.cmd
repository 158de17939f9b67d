0
__complete connect --format=j
