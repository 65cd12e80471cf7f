package presence

import (
	"encoding/binary"

	"cinnabar/spec"
)

// A node is one of a treap: ordered by key from left to right, by priority from
// the root down. Nodes never change once they are part of a tree, so that
// whoever holds a root holds the set as it was; a change makes a new path from
// the root, of about twice the logarithm of the size.
type node struct {
	hash         uint64 // of the subscription's key: the rest of it is read where it is
	subscription *spec.Subscription
	left, right  *node
}

func (n *node) key() key {
	s := n.subscription
	return key{hash: n.hash, matchType: s.MatchType(), subscriber: s.Subscriber(), match: s.Match()}
}

// compareTo tells whether a key is before that of a node, its own, or after it.
func (k *key) compareTo(n *node) int {
	other := n.key()
	return k.compare(&other)
}

// priority balances the tree. It is random because ids of subscribers are,
// which are none of theirs to choose.
func (n *node) priority() uint64 {
	id := n.subscription.Subscriber()
	return binary.BigEndian.Uint64(id[8:])*0x9e3779b97f4a7c15 ^ binary.BigEndian.Uint64(id[:])*0xff51afd7ed558ccd ^ n.hash*0xc4ceb9fe1a85ec53
}

// find returns the node with a key, nil if there is none.
func find(n *node, k *key) *node {
	for n != nil {
		switch c := k.compareTo(n); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return n
		}
	}
	return nil
}

// with returns the tree with a node, whose key it does not have yet.
func with(n, added *node) *node {
	if n == nil {
		return added
	}
	k := added.key()
	if added.priority() > n.priority() {
		root := *added
		root.left, root.right = split(n, &k)
		return &root
	}
	changed := *n
	if k.compareTo(n) < 0 {
		changed.left = with(n.left, added)
	} else {
		changed.right = with(n.right, added)
	}
	return &changed
}

// split returns what is before and what is after a key.
func split(n *node, k *key) (before, after *node) {
	if n == nil {
		return nil, nil
	}
	changed := *n
	if k.compareTo(n) < 0 {
		before, changed.left = split(n.left, k)
		return before, &changed
	}
	changed.right, after = split(n.right, k)
	return &changed, after
}

// without returns the tree without the node of a key, which it has.
func without(n *node, k *key) *node {
	changed := *n
	switch c := k.compareTo(n); {
	case c < 0:
		changed.left = without(n.left, k)
	case c > 0:
		changed.right = without(n.right, k)
	default:
		return join(n.left, n.right)
	}
	return &changed
}

// join makes one tree of two, the first before the second.
func join(a, b *node) *node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.priority() > b.priority():
		changed := *a
		changed.right = join(a.right, b)
		return &changed
	}
	changed := *b
	changed.left = join(a, b.left)
	return &changed
}

// from yields, in order, the nodes for whose keys before is false, which it has
// to be for all that follow one. It reports whether all were wanted.
func (n *node) from(before func(key) bool, yield func(*node) bool) bool {
	if n == nil {
		return true
	}
	if before(n.key()) {
		return n.right.from(before, yield)
	}
	return n.left.from(before, yield) && yield(n) && n.right.from(before, yield)
}
