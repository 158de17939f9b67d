64
monitor serve --interval 250ms
