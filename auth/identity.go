package auth

import (
	"crypto/sha256"
	"encoding/binary"

	"cinnabar/spec"
)

// An Identity stands for whom a token was issued to, as far as its key vouches
// for that: of 1.0 its issuer and sub, or client_id where there is no sub; of 0.x
// the key itself and sub, if any. Tokens of both generations never have the same
// one. It is a hash, the same in every run, and good for nothing else.
type Identity [sha256.Size]byte

// Identity returns whom the token was issued to.
func (g *Grants) Identity() Identity { return g.identity }

// identify is asked once the token has passed. Each part has its length in front,
// so that no two lists of parts are written alike.
func identify(t *token) (id Identity) {
	var b []byte
	add := func(part string) {
		b = binary.BigEndian.AppendUint64(b, uint64(len(part)))
		b = append(b, part...)
	}
	add(t.generation.String())
	claims := []string{"sub"}
	if t.generation == spec.Current {
		add(t.issuer)
		claims = append(claims, "client_id")
	} else {
		// 0.x has no issuers: whoever has the key is who it is.
		add(string(t.grants.voucher.key.digest[:]))
	}
	for _, name := range claims {
		if !t.claims.has(name) {
			continue
		}
		// What is no string does not belong there, and is told apart all the same.
		claim := t.claims.get(name)
		add(name)
		add(string(claim.kind()))
		if claim.kind() == aString {
			add(claim.text)
		} else {
			add(string(claim.raw))
		}
		break
	}
	return sha256.Sum256(b)
}
