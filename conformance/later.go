package main

// later are entries of the areas that have cases, whose observable needs what
// another area brings: presence, the metadata document, several issuers, JWKS
// or configured limits. They have no case yet, and say why.
var later = map[string]string{}
