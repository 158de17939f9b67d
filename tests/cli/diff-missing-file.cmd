65
monitor diff nowhere.ndjson
