// Package presence knows who listens: the subscriptions that are open at one
// place of the log, folded from what the log says of them.
package presence

import "cinnabar/spec"

// A Fold is the set of open subscriptions after some entry of the log. Whoever
// follows the log owns it: its methods are not safe for concurrent use, and none
// takes longer than a walk down a balanced tree. What a [Snapshot] shows is read
// without the owner.
//
// The zero Fold is before the first entry.
type Fold struct {
	root   *node
	size   int
	passed spec.EventID
}

// Pass moves on over an entry of the log, whatever it is about.
func (f *Fold) Pass(id spec.EventID) { f.passed = id }

// Apply takes in what an entry says of a subscription. That one ends which
// never began, or begins twice, changes nothing else.
func (f *Fold) Apply(s *spec.Subscription) {
	n := &node{hash: hashOf(s.Match()), subscription: s}
	k := n.key()
	if find(f.root, &k) != nil {
		f.root = without(f.root, &k)
		f.size--
	}
	if s.Active() {
		f.root = with(f.root, n)
		f.size++
	}
}

// Snapshot returns the set as it is now.
func (f *Fold) Snapshot() Snapshot { return Snapshot{root: f.root, size: f.size, passed: f.passed} }
