64
monitor diff nowhere.ndjson --from yesterday
