64
monitor watch --interval 500ms
