package wronghub

// keysFor returns the keys that may have signed a token, by the issuer that it
// names and its kid; k is the one issuer's first for the role.
func (h *Hub) keysFor(header object, payload string, k key) []key {
	if h.config.KeysAt != "" {
		return h.publishedKeysFor(header, payload, k)
	}
	if h.config.OtherIssuer == "" {
		return []key{k}
	}
	secret := func(text string) key { return key{alg: "HS256", secret: []byte(text)} }
	first, second, other := k, secret(h.config.SecondKey), secret(h.config.OtherKey)
	kid, _ := header["kid"].(string)
	claims, _ := decodeObject(payload)
	switch {
	case h.is(PoolsKeys):
		return []key{first, second, other}
	case h.is(FindsKeysByKid) && kid == "other":
		return []key{other}
	case claims["iss"] == h.config.OtherIssuer:
		return []key{other}
	case h.is(KnowsFirstKeyOnly):
		return []key{first}
	case h.is(WantsKid):
		return map[string][]key{"first": {first}, "second": {second}, "": {first}}[kid]
	}
	return []key{first, second}
}
