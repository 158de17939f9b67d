0
__complete queue declare --type ''
