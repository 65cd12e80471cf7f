package main

// later are entries of the areas that have cases, whose observable needs what
// another area brings: presence, the metadata document, several issuers, JWKS
// or configured limits. They have no case yet, and say why.
var later = map[string]string{
	"CORS-expose-link":             "the subscription API",
	"MATCH-additional-types":       "the metadata document lists the types",
	"MATCH-advertise-types":        "the metadata document",
	"MATCH-type-name-syntax":       "the metadata document lists the types",
	"PRIV-presence-restricted":     "presence",
	"SEC-ssrf":                     "JWKS: a hub that fetches keys",
	"SUB-body-union-subscriptions": "presence",
	"SUB-dedupe-identical":         "presence",
	"SUB-param-match-exact":        "presence: the subscription document shows the type",
	"SUB-subscription-per-param":   "presence",
}
