64
monitor audit --skip AUDIT-NODES-EVN
