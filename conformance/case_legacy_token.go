package main

// legacyTokenCases: 0.x tokens.
var legacyTokenCases = []Case{}
