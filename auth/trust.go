package auth

import (
	"slices"

	"cinnabar/spec"
)

// A voucher is who vouched for a token.
type voucher struct {
	issuer string // "" for 0.x
	role   Role
	key    Key
}

// A finding says where the key that vouched for some grants was last found: it
// holds as long as neither the Authenticator nor the list is another.
type finding struct {
	by   *Authenticator
	set  *KeySet  // nil for a configured key
	list *keyList // of set
}

func (f *finding) holds(a *Authenticator) bool {
	return f != nil && f.by == a && (f.set == nil || f.set.current.Load() == f.list)
}

// Trusts reports whether the key that vouched for the grants, of this or an
// earlier Authenticator, is still one of its issuer for its role. It reads
// nothing. Asked before every private delivery, it compares two pointers, and
// searches only after keys changed.
func (a *Authenticator) Trusts(g *Grants) bool {
	if g.found.Load().holds(a) {
		return true
	}
	found := a.find(g)
	if found != nil {
		g.found.Store(found)
	}
	return found != nil
}

// find searches the issuer's keys for the one that vouched, nil if it is gone.
func (a *Authenticator) find(g *Grants) *finding {
	if !a.generations.Has(g.generation) {
		return nil
	}
	r := a.legacy
	if g.generation == spec.Current {
		r = a.issuers[g.voucher.issuer]
	}
	if slices.ContainsFunc(r.of(g.voucher.role), g.voucher.key.same) {
		return &finding{by: a}
	}
	if r.set == nil {
		return nil
	}
	if list := r.set.current.Load(); slices.ContainsFunc(list.all(), g.voucher.key.same) {
		return &finding{a, r.set, list}
	}
	return nil
}
