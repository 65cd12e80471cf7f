package main

// streamCases: the event stream format.
var streamCases = []Case{}
