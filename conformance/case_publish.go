package main

// publishCases: publication.
var publishCases = []Case{}
