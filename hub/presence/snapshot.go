package presence

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"cinnabar/spec"
)

// A Snapshot is the set of open subscriptions at one place of the log, and that
// place. It never changes and may be read from anywhere.
type Snapshot struct {
	root   *node
	size   int
	passed spec.EventID
}

// Len returns how many subscriptions are open.
func (s Snapshot) Len() int { return s.size }

// Cursor returns the id of the last entry that the set accounts for, whatever
// it is about, or [spec.Earliest]. Whoever goes on from there misses no change
// (SUBS-api-cursor-value, SUBS-api-cursor-consistent).
func (s Snapshot) Cursor() string {
	if s.passed.IsZero() {
		return spec.Earliest
	}
	return s.passed.String()
}

// Single returns the one subscription that a query asks for, nil if it is not
// open or not shown to the generation.
func (s Snapshot) Single(g spec.Generation, q spec.SubscriptionQuery) *spec.Subscription {
	subscriber, ok := spec.ParseSubscriberID(q.Subscriber)
	if !ok {
		return nil
	}
	types := []string{q.MatchType}
	if g == spec.Legacy {
		types = []string{spec.MatchExact, spec.MatchPattern, spec.MatchTemplate}
	}
	for _, matchType := range types {
		k := key{hash: hashOf(q.Match), matchType: matchType, subscriber: subscriber, match: q.Match}
		if n := find(s.root, &k); n != nil && n.subscription.Shows(g) {
			return n.subscription
		}
	}
	return nil
}

// Limits of a [Page]; it holds one subscription at least, and all that one
// connection has on selectors of one hash.
const (
	MaxPage     = 1000    // subscriptions
	MaxPageSize = 1 << 20 // bytes of their documents, about
)

// A Page is a part of a collection, complete in itself.
type Page struct {
	Subscriptions []*spec.Subscription
	// Next names the place where the next one begins, "" if there is none. It
	// is a place in an order, not an entry of a list: what opens and closes
	// between two pages moves nobody from one to the other, so that whoever
	// stays is in exactly one of them.
	Next string
}

// Page returns what a generation is shown of a collection after a place, "" for
// its beginning.
func (s Snapshot) Page(g spec.Generation, q spec.SubscriptionQuery, after string) (Page, error) {
	before := func(key) bool { return false }
	first := key{hash: hashOf(q.Match), matchType: q.MatchType}
	if q.ByMatch {
		before = func(k key) bool { return k.compare(&first) < 0 }
	}
	if after != "" {
		place, err := parsePlace(after)
		if err != nil {
			return Page{}, err
		}
		if !q.ByMatch || place.comparePlace(&first) > 0 {
			before = func(k key) bool { return k.comparePlace(&place) <= 0 }
		}
	}
	var page Page
	var last key
	size := 0
	s.root.from(before, func(n *node) bool {
		k := n.key()
		if q.ByMatch && (k.hash != first.hash || q.MatchType != "" && k.matchType != q.MatchType) {
			return false
		}
		if q.ByMatch && k.match != q.Match || !n.subscription.Shows(g) {
			return true
		}
		if (len(page.Subscriptions) >= MaxPage || size >= MaxPageSize) && k.comparePlace(&last) != 0 {
			page.Next = last.place()
			return false
		}
		page.Subscriptions = append(page.Subscriptions, n.subscription)
		size += n.subscription.Size()
		last = k
		return true
	})
	return page, nil
}

// place writes a key in short.
func (k *key) place() string {
	return strconv.FormatUint(k.hash, 16) + "." + k.matchType + "." + hex.EncodeToString(k.subscriber[:])
}

func parsePlace(s string) (key, error) {
	hash, rest, _ := strings.Cut(s, ".")
	matchType, subscriber, _ := strings.Cut(rest, ".")
	var k key
	var err error
	if k.hash, err = strconv.ParseUint(hash, 16, 64); err != nil {
		return k, fmt.Errorf("%.100q is not a place in the list of subscriptions", s)
	}
	id, err := hex.DecodeString(subscriber)
	if err != nil || len(id) != len(k.subscriber) {
		return k, fmt.Errorf("%.100q is not a place in the list of subscriptions", s)
	}
	k.matchType, k.subscriber = matchType, spec.SubscriberID(id)
	return k, nil
}
