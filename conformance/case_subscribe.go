package main

// subscribeCases: opening a subscription.
var subscribeCases = []Case{}
