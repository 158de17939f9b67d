0
__complete connect --context p
config [contexts.prod]
config [contexts.pilot]
config [contexts.test]
