package wronghub

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

// publishedKeysFor is keysFor where the other issuer publishes its keys.
func (h *Hub) publishedKeysFor(header object, payload string, k key) []key {
	claims, _ := decodeObject(payload)
	iss, _ := claims["iss"].(string)
	if jku, _ := header["jku"].(string); jku != "" && h.is(AsksWhomTokensName) {
		return h.fetchKeys(jku)
	}
	switch {
	case h.is(PoolsPublishedKeys):
		return append(h.fetchKeys(h.config.KeysAt), k)
	case iss == h.config.OtherIssuer && !h.is(ReadsNoKeySet):
		return h.fetchKeys(h.config.KeysAt)
	case h.is(AsksUnknownIssuers) && iss != h.config.Issuer && iss != h.config.OtherIssuer:
		return h.fetchKeys(iss)
	}
	return []key{k}
}

// fetchKeys returns the Ed25519 keys published at a URL. It keeps nothing.
func (h *Hub) fetchKeys(url string) []key {
	client := http.Client{
		Timeout:       time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if h.is(FollowsKeyServers) {
		client.CheckRedirect = nil
	}
	answer, err := client.Get(url)
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	var set struct {
		Keys []struct {
			X string `json:"x"`
		} `json:"keys"`
	}
	if answer.StatusCode != http.StatusOK || json.NewDecoder(answer.Body).Decode(&set) != nil {
		return nil
	}
	var keys []key
	for _, jwk := range set.Keys {
		if x, err := base64.RawURLEncoding.DecodeString(jwk.X); err == nil && len(x) == ed25519.PublicKeySize {
			keys = append(keys, key{alg: "EdDSA", public: ed25519.PublicKey(x)})
		}
	}
	return keys
}
