package main

// later are entries of the areas that have cases, whose observable needs what
// another area brings: presence, JWKS or configured limits.
// They have no case yet, and say why.
var later = map[string]string{
	"AUTH-0x-403":                   "the subscription API",
	"AUTH-key-source":               "JWK Sets",
	"AUTH-payload-first-match":      "presence",
	"AUTH-payload-matcher-as-topic": "presence",
	"AUTH-payload-order":            "presence",
	"AUTH-payload-subscribe-only":   "presence",
	"AUTH-payload-wildcard-default": "presence",
	"CORS-expose-link":              "the subscription API",
	"PRIV-presence-restricted":      "presence",
	"SEC-ssrf":                      "JWKS: a hub that fetches keys",
	"SUB-body-union-subscriptions":  "presence",
	"SUB-dedupe-identical":          "presence",
	"SUB-param-match-exact":         "presence: the subscription document shows the type",
	"SUB-subscription-per-param":    "presence",
}
