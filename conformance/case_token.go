package main

// tokenCases: validation of 1.0 tokens.
var tokenCases = []Case{}
