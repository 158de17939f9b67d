0
__complete connect --stra
config current =
