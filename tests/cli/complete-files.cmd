0
__complete publish --file ''
