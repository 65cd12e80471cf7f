package main

// securityCases: security considerations.
var securityCases = []Case{}
