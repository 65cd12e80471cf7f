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
	raw     string
	subject any
	grants
}

// object is a JSON object.
type object = map[string]any

// verify returns the token of a JWS in compact serialization, if it is valid
// by the rules of its own generation.
func (h *Hub) verify(raw string, k key) (*token, bool) {
	parts := strings.Split(raw, ".")
	if len(parts) > 3 && h.is(IgnoresFurtherParts) {
		parts = parts[:3]
	}
	if len(parts) != 3 {
		return nil, false
	}
	header, ok := decodeObject(parts[0])
	if !ok || !slices.ContainsFunc(h.keysFor(header, parts[1], k), func(k key) bool { return h.isSigned(header, parts, k) }) {
		return nil, false
	}
	if _, ok := header["crit"]; ok && !h.is(IgnoresCrit) {
		return nil, false // no extension is known here
	}
	claims, ok := decodeObject(parts[1])
	if !ok {
		return nil, false
	}
	t := &token{current: h.isAccessToken(header, claims), raw: raw, subject: claims["sub"]}
	if t.expires, ok = h.validity(claims, t.current); !ok {
		return nil, false
	}
	if !t.current {
		t.grants, ok = h.legacyGrants(claims)
		return t, ok && !h.config.CurrentOnly
	}
	if !h.isFromTrusted(claims) || !h.isForUs(claims) || claims["sub"] == nil && h.is(WantsSubject) {
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

// isSigned reports whether the signature is the key's, by the key's algorithm.
func (h *Hub) isSigned(header object, parts []string, k key) bool {
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return false
	}
	alg, _ := header["alg"].(string)
	switch {
	case alg == "EdDSA" && h.is(KnowsNoEdDSA):
		return false
	case strings.EqualFold(alg, "none") && len(signature) == 0 && h.is(AcceptsAlgNone),
		header["kid"] != nil && h.is(TrustsEveryKid):
		return true
	case alg == "HS256" && k.pem != "" && h.is(TakesPublicKeysForSecrets):
		k = key{alg: alg, secret: []byte(k.pem)}
	case h.is(TakesKeysFromTokens):
		k = embeddedKey(header, k)
	case alg == "HS512" && h.is(AcceptsEveryHMAC):
		return k.verifiesHS512([]byte(parts[0]+"."+parts[1]), signature)
	case h.is(IgnoresAlg):
		alg = k.alg
	}
	return alg == k.alg && k.verifies([]byte(parts[0]+"."+parts[1]), signature)
}

// isAccessToken reports whether the header's typ is that of a 1.0 token.
func (h *Hub) isAccessToken(header, claims object) bool {
	typ, _ := header["typ"].(string)
	switch {
	case h.is(ComparesTypAsItIs):
		return typ == "at+jwt"
	case h.is(IgnoresTyp):
		return claims["mercure"] == nil
	}
	return strings.TrimPrefix(strings.ToLower(typ), "application/") == "at+jwt"
}

// validity checks exp and nbf, and returns when the token ends.
func (h *Hub) validity(claims object, current bool) (time.Time, bool) {
	exp, ok := h.numericDate(claims["exp"])
	switch {
	case !ok, exp.IsZero() && current && !h.is(AllowsNoExp), exp.IsZero() && h.is(WantsLegacyExp):
		return exp, false
	}
	if !exp.IsZero() && !time.Now().Before(exp) && !h.is(IgnoresExp) {
		return exp, false
	}
	nbf, ok := h.numericDate(claims["nbf"])
	if !ok || time.Now().Before(nbf) && !h.is(IgnoresNbf) {
		return exp, false
	}
	return exp, true
}

// numericDate reads a date, zero if there is none.
func (h *Hub) numericDate(claim any) (date time.Time, ok bool) {
	if text, ok := claim.(string); ok && h.is(TakesDatesInStrings) {
		var n float64
		if json.Unmarshal([]byte(text), &n) == nil {
			claim = n
		}
	}
	seconds, ok := claim.(float64)
	if !ok || seconds != math.Trunc(seconds) && h.is(RefusesFractions) {
		return date, claim == nil
	}
	const latest = 1 << 33 // the year 2242, which is as good as never
	whole, fraction := math.Modf(min(seconds, latest))
	return time.Unix(int64(whole), int64(fraction*1e9)), true
}

// isFromTrusted reports whether the issuer is the one that is trusted.
func (h *Hub) isFromTrusted(claims object) bool {
	iss, _ := claims["iss"].(string)
	if h.is(TrustsAdvertisedIssuersOnly) {
		return false // none is
	}
	if h.is(TrimsIssuers) {
		iss = strings.TrimSuffix(iss, "/")
	}
	if h.config.OtherIssuer != "" && iss == h.config.OtherIssuer {
		return true
	}
	return iss == h.config.Issuer || strings.EqualFold(iss, h.config.Issuer) && h.is(FoldsIssuers)
}

// isForUs reports whether the token is meant for this hub.
func (h *Hub) isForUs(claims object) bool {
	switch aud := claims["aud"].(type) {
	case nil:
		return h.is(AllowsNoAudience)
	case string:
		if h.is(TrimsAudiences) {
			aud = strings.TrimSuffix(aud, "/")
		}
		return aud == h.config.Resource || strings.HasPrefix(aud, h.config.Resource) && h.is(ComparesAudienceByPrefix)
	case []any:
		return slices.Contains(aud, any(h.config.Resource)) && !h.is(WantsOneAudience)
	}
	return false
}
