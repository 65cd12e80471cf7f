package main

// matchCases: topic matchers.
var matchCases = []Case{}
