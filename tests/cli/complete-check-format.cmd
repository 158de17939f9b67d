0
__complete monitor check --format ''
