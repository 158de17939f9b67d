0
__complete queue declare --t
