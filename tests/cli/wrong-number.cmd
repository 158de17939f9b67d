64
publish --count many --lines
