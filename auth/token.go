package auth

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"cinnabar/spec"
)

// maxToken bounds the bytes of a token, and with them what one can cost.
const maxToken = 32 << 10

// A token is one being judged: what the rules so far have found in it.
type token struct {
	compact string
	role    Role
	now     time.Time

	signed         string // what the signature is over
	signature      []byte
	header, claims value
	rawClaims      []byte
	algorithm      string
	generation     spec.Generation

	issuer     string
	keys       ring    // of its issuer
	candidates []Key   // those that may have signed it
	grants     *Grants // being filled in
}

// readForm splits the compact serialization. Only the three parts of a signed
// token in strict base64url pass: no JSON serialization, no encryption, no
// padding, and none of the line breaks that package base64 would skip.
func (a *Authenticator) readForm(t *token) *Refusal {
	if len(t.compact) > maxToken {
		return refuse(TooLarge, "it has %d bytes, more than %d", len(t.compact), maxToken)
	}
	parts := strings.Split(t.compact, ".")
	if len(parts) != 3 {
		return refuse(MalformedToken, "it has %d parts between dots, a signed token in compact serialization has 3", len(parts))
	}
	var decoded [3][]byte
	for i, name := range []string{"header", "claims", "signature"} {
		if strings.ContainsAny(parts[i], "\r\n") {
			return refuse(MalformedToken, "a line break stands in its %s", name)
		}
		var err error
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(parts[i]); err != nil {
			return refuse(MalformedToken, "its %s is not base64url: %v", name, err)
		}
	}
	t.rawClaims, t.signature = decoded[1], decoded[2]
	t.signed = t.compact[:len(parts[0])+1+len(parts[1])]
	var r *Refusal
	if t.header, r = readObject("header", decoded[0], false); r != nil {
		return r
	}
	t.claims, r = readObject("claims", decoded[1], false)
	return r
}

// readHeader judges what holds for both generations. The keys that a header
// brings or points to (jwk, jku, x5c, x5u) are never used
// (AUTH-key-not-from-token).
func (a *Authenticator) readHeader(t *token) *Refusal {
	// No extension is implemented, so any critical one is not understood
	// (AUTH-crit, RFC 7515 §4.1.11).
	if t.header.has("crit") {
		return refuse(CriticalExtension, "its header has crit, and this hub supports no extension")
	}
	alg := t.header.get("alg")
	if alg.kind() != aString {
		return refuse(MalformedToken, "alg is %s, not a string", alg.kind())
	}
	t.algorithm = alg.text
	// No key has the algorithm "none", so WrongAlgorithm would follow anyway:
	// an operator is to see the attack by its name (AUTH-alg-none).
	if strings.EqualFold(t.algorithm, "none") {
		return refuse(AlgorithmNone, "the token is not signed")
	}
	return nil
}

// readGeneration tells by typ, and by typ alone, whose rules the token is
// judged by (G5).
func (a *Authenticator) readGeneration(t *token) *Refusal {
	t.generation = spec.Legacy
	switch typ := t.header.get("typ"); typ.kind() {
	case missing:
	case aString:
		if isAccessToken(typ.text) {
			t.generation = spec.Current
		}
	default:
		return refuse(MalformedToken, "typ is %s, not a string", typ.kind())
	}
	t.grants = &Grants{generation: t.generation}
	if a.generations.Has(t.generation) {
		if t.generation == spec.Legacy {
			t.grants.within = a.within
		}
		return a.checkSunset(t.grants, t.now)
	}
	if t.generation == spec.Legacy {
		return refuse(GenerationDisabled, "typ is not at+jwt, which makes it a 0.x token, and only 1.0 is served")
	}
	return refuse(GenerationDisabled, "typ is at+jwt, which makes it a 1.0 token, and only 0.x is served")
}

// isAccessToken compares typ as RFC 7515 §4.1.9 says: application/ may be left
// out, and letter case is of no importance (AUTH-typ-equivalents).
func isAccessToken(typ string) bool {
	const prefix = "application/"
	if len(typ) > len(prefix) && strings.EqualFold(typ[:len(prefix)], prefix) {
		typ = typ[len(prefix):]
	}
	return strings.EqualFold(typ, "at+jwt")
}

// checkKey refuses every token for a role without a key.
func (a *Authenticator) checkKey(t *token) *Refusal {
	kid := t.header.get("kid").text
	if t.candidates = t.keys.candidates(t.role, kid); t.candidates != nil {
		return nil
	}
	if t.keys.set != nil && t.keys.set.current.Load() == nil {
		return refuse(NoKey, "the keys of its issuer could not be read from %s: the log says why", t.keys.set)
	}
	if kid != "" && (t.keys.set != nil || t.keys.of(t.role) != nil) {
		return refuse(UnknownKey, "kid is %s, which none of its issuer's %s keys is called", quote(kid), t.role)
	}
	return refuse(NoKey, "its issuer has no %s key configured", t.role)
}

// checkAlgorithm compares alg with those of the keys. It decides nothing else:
// the signature is checked with each key's own method.
func (a *Authenticator) checkAlgorithm(t *token) *Refusal {
	var algorithms []string
	for _, key := range t.candidates {
		algorithms = append(algorithms, key.Algorithm())
	}
	if !slices.Contains(algorithms, t.algorithm) {
		slices.Sort(algorithms)
		return refuse(WrongAlgorithm, "alg is %s, the %s key is for %s", quote(t.algorithm), t.role, strings.Join(slices.Compact(algorithms), " or "))
	}
	return nil
}

// checkSignature verifies it with the keys of the role. On failure it tries to
// name the mistake.
func (a *Authenticator) checkSignature(t *token) *Refusal {
	signer := func(keys []Key) int {
		return slices.IndexFunc(keys, func(k Key) bool { return k.Algorithm() == t.algorithm && k.verifies(t.signed, t.signature) })
	}
	if i := signer(t.candidates); i >= 0 {
		t.grants.voucher = voucher{t.issuer, t.role, t.candidates[i]}
		return nil
	}
	if signer(t.keys.ofOther(t.role)) >= 0 {
		return refuse(WrongRole, "it is signed with the key of the other role; this needs the %s key", t.role)
	}
	for _, name := range []string{"jwk", "jku", "x5c", "x5u"} {
		if t.header.has(name) {
			return refuse(EmbeddedKey, "the %s key did not sign it; its header brings a key in %s, which is never used", t.role, name)
		}
	}
	return refuse(BadSignature, "the %s key did not sign it, or it was changed since", t.role)
}

// readClaims reads them again and to the bottom, now that a key vouches for
// them.
func (a *Authenticator) readClaims(t *token) (r *Refusal) {
	t.claims, r = readObject("claims", t.rawClaims, true)
	return r
}

// claim returns the first of these claims that is there, as written, for
// reports.
func claim(names ...string) func(*token) string {
	return func(t *token) string { return asWritten(t.claims, names) }
}

// header returns a header parameter as written, for reports.
func header(name string) func(*token) string {
	return func(t *token) string { return asWritten(t.header, []string{name}) }
}

func asWritten(object value, names []string) string {
	for _, name := range names {
		if object.has(name) {
			return string(object.get(name).raw)
		}
	}
	return "absent"
}
