0
__complete monitor audit --skip AUDIT-
