package main

// presentCases: presenting and requiring 1.0 tokens.
var presentCases = []Case{}
