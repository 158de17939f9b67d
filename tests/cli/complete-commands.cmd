0
__complete co
