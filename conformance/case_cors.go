package main

// corsCases: cross-origin access.
var corsCases = []Case{}
