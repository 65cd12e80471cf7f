package main

// grantCases: authorization details and grants.
var grantCases = []Case{}
