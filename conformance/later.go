package main

// later are entries of the areas that have cases, whose observable needs what
// another area brings: presence, the metadata document, several issuers, JWKS
// or configured limits. They have no case yet, and say why.
var later = map[string]string{
	"AUTH-0x-403":                   "the subscription API",
	"AUTH-401-resource-metadata":    "the metadata document",
	"AUTH-aud-configured":           "the metadata document shows the identifier",
	"AUTH-aud-hub-url":              "the metadata document shows the identifier",
	"AUTH-challenge-all-metadata":   "the metadata document",
	"AUTH-cookie-advertise":         "the metadata document",
	"AUTH-cookie-other-name":        "the metadata document names the cookie",
	"AUTH-iss-out-of-band":          "the metadata document lists the authorization servers",
	"AUTH-key-issuer-binding":       "several issuers",
	"AUTH-key-kid":                  "several keys of an issuer",
	"AUTH-key-no-pooling":           "several issuers",
	"AUTH-key-source":               "JWK Sets",
	"AUTH-payload-first-match":      "presence",
	"AUTH-payload-matcher-as-topic": "presence",
	"AUTH-payload-order":            "presence",
	"AUTH-payload-subscribe-only":   "presence",
	"AUTH-payload-wildcard-default": "presence",
	"CORS-expose-link":              "the subscription API",
	"MATCH-additional-types":        "the metadata document lists the types",
	"MATCH-advertise-types":         "the metadata document",
	"MATCH-type-name-syntax":        "the metadata document lists the types",
	"PRIV-presence-restricted":      "presence",
	"SEC-ssrf":                      "JWKS: a hub that fetches keys",
	"SUB-body-union-subscriptions":  "presence",
	"SUB-dedupe-identical":          "presence",
	"SUB-param-match-exact":         "presence: the subscription document shows the type",
	"SUB-subscription-per-param":    "presence",
}
