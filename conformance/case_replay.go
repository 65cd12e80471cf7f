package main

// replayCases: reconnection and history.
var replayCases = []Case{}
