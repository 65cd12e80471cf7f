package auth

import "slices"

// A ring is the keys that one issuer, or 0.x, signs with. Rings are never
// joined (AUTH-key-no-pooling).
type ring struct {
	publisher, subscriber []Key
	set                   *KeySet // keys of both roles; may be nil
}

// ringOf leaves out keys that were not given.
func ringOf(publisher, subscriber []Key, set *KeySet) ring {
	given := func(keys []Key) (kept []Key) {
		for _, k := range keys {
			if !k.IsZero() {
				kept = append(kept, k)
			}
		}
		return kept
	}
	return ring{given(publisher), given(subscriber), set}
}

func (r ring) isEmpty() bool { return r.publisher == nil && r.subscriber == nil && r.set == nil }

// of returns the configured keys of a role.
func (r ring) of(role Role) []Key {
	if role == Publisher {
		return r.publisher
	}
	return r.subscriber
}

func (r ring) ofOther(role Role) []Key {
	if role == Publisher {
		return r.subscriber
	}
	return r.publisher
}

// candidates returns the keys that may have signed a token with a kid, "" for
// none: those of that name and those without a name (AUTH-key-kid). A kid
// chooses among keys that are trusted already and never adds one.
func (r ring) candidates(role Role, kid string) []Key {
	all := r.of(role)
	if r.set != nil {
		missed := kid
		if slices.ContainsFunc(all, func(k Key) bool { return k.id == kid }) {
			missed = "" // no reason to ask the issuer for it
		}
		all = append(all[:len(all):len(all)], r.set.keysFor(missed)...)
	}
	if kid == "" {
		return all
	}
	var named []Key
	for _, k := range all {
		if k.id == kid || k.id == "" {
			named = append(named, k)
		}
	}
	return named
}

// Inherit gives the key sets of a that were not read yet the keys that another
// Authenticator read from the same place for the same issuer: a change of
// settings must not make an issuer's streams end until its server answered.
func (a *Authenticator) Inherit(from *Authenticator) {
	for id, r := range a.issuers {
		before := from.issuers[id].set
		if r.set != nil && before != nil && r.set != before && r.set.String() == before.String() {
			r.set.inherit(before)
		}
	}
}

// KeySets returns the sets of all issuers: whoever owns the Authenticator has
// to watch them.
func (a *Authenticator) KeySets() []*KeySet {
	var sets []*KeySet
	for _, r := range a.issuers {
		if r.set != nil {
			sets = append(sets, r.set)
		}
	}
	return sets
}
