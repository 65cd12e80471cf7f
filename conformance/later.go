package main

// later are entries of the areas that have cases, whose observable needs what
// another area brings: JWKS or configured limits.
// They have no case yet, and say why.
var later = map[string]string{
	"AUTH-key-source": "JWK Sets",
	"SEC-ssrf":        "JWKS: a hub that fetches keys",
}
