package wronghub

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
)

// A token is an access token that was found valid.
type token struct {
	current bool      // of 1.0, by its typ
	expires time.Time // zero for never, which only 0.x allows
	grants
}

// object is a JSON object.
type object = map[string]any

// verify returns the token of a JWS in compact serialization, if it is valid
// by the rules of its own generation.
func (h *Hub) verify(raw string, k key) (*token, bool) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return nil, false
	}
	header, ok := decodeObject(parts[0])
	if !ok {
		return nil, false
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || !k.verifies([]byte(parts[0]+"."+parts[1]), signature) {
		return nil, false
	}
	if header["alg"] != k.alg {
		return nil, false
	}
	if _, ok := header["crit"]; ok {
		return nil, false // no extension is known here
	}
	claims, ok := decodeObject(parts[1])
	if !ok {
		return nil, false
	}
	t := &token{current: h.isAccessToken(header)}
	if t.expires, ok = h.validity(claims, t.current); !ok {
		return nil, false
	}
	if !t.current {
		t.grants, ok = h.legacyGrants(claims)
		return t, ok && !h.config.CurrentOnly
	}
	if !h.isForUs(claims) {
		return nil, false
	}
	t.grants, ok = h.currentGrants(claims)
	return t, ok
}

func decodeObject(part string) (object, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil, false
	}
	var o object
	return o, json.Unmarshal(raw, &o) == nil && o != nil
}

// isAccessToken reports whether the header's typ is that of a 1.0 token.
func (h *Hub) isAccessToken(header object) bool {
	typ, _ := header["typ"].(string)
	return strings.TrimPrefix(strings.ToLower(typ), "application/") == "at+jwt"
}

// validity checks exp and nbf, and returns when the token ends.
func (h *Hub) validity(claims object, current bool) (time.Time, bool) {
	var expires time.Time
	exp, ok := claims["exp"].(float64)
	switch {
	case ok:
		expires = date(exp)
	case claims["exp"] != nil || current:
		return expires, false
	}
	if ok && !time.Now().Before(expires) {
		return expires, false
	}
	nbf, ok := claims["nbf"].(float64)
	if !ok && claims["nbf"] != nil || ok && time.Now().Before(date(nbf)) {
		return expires, false
	}
	return expires, true
}

// date returns a NumericDate as a time.
func date(seconds float64) time.Time {
	const latest = 1 << 33 // the year 2242, which is as good as never
	whole, fraction := math.Modf(min(seconds, latest))
	return time.Unix(int64(whole), int64(fraction*1e9))
}

// isForUs reports whether a trusted issuer made the token, for this hub.
func (h *Hub) isForUs(claims object) bool {
	if claims["iss"] != h.config.Issuer {
		return false
	}
	switch aud := claims["aud"].(type) {
	case string:
		return aud == h.config.Resource
	case []any:
		return slices.Contains(aud, any(h.config.Resource))
	}
	return false
}
