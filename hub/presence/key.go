package presence

import (
	"bytes"
	"cmp"
	"hash/fnv"
	"strings"

	"cinnabar/spec"
)

// A key is the place of a subscription in the set. Those of one selector are
// neighbours, and those of one string whatever their matcher type, since a
// collection of 0.x has them together.
//
// The hash comes before the string it is of, so that a place can be named in few
// bytes, however long the selector is: see [Page.Next].
type key struct {
	hash       uint64 // of match
	matchType  string
	subscriber spec.SubscriberID
	match      string
}

// hashOf is the same in every process, so that a client may go on after a
// restart. Collisions, which anybody can make, do no harm: the rest of the key
// tells them apart.
func hashOf(match string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(match))
	return h.Sum64()
}

func (k *key) compare(other *key) int {
	if c := k.comparePlace(other); c != 0 {
		return c
	}
	return strings.Compare(k.match, other.match)
}

// comparePlace is compare but for strings with the same hash.
func (k *key) comparePlace(other *key) int {
	if c := cmp.Compare(k.hash, other.hash); c != 0 {
		return c
	}
	if c := strings.Compare(k.matchType, other.matchType); c != 0 {
		return c
	}
	return bytes.Compare(k.subscriber[:], other.subscriber[:])
}
