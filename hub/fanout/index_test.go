package fanout

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"cinnabar/spec"
	"cinnabar/store"

	"pgregory.net/rapid"
)

// selectors of all kinds: with literals in every place and without, of one text
// and several, usual, dear and out of the ordinary.
var indexSelectors = []string{
	"*", "a", "b", "a/b", "https://e.x/1", "{{{", "",
	"a/{x}", "{x}/b", "{+x}", "{y}", "a{x}", "{x}-{y}", "{x}-u1-{y}", "{x}-u2-{y}", "a{+x}-u1{y}b", "{+x}/u1/{y}", "{x,y}é/{z:3}",
	"https://e.x/{id}", "https://e.x/{id}/u1", "https://e.x/{id}/u2", "https://e.x/{+id}", "https://e.x/é{x}", "https://e.x/{a}/b{?c,d}",
}

var indexPatterns = []string{
	"https://e.x/:id", "https://e.x/*", "https://e.x/:a/u1", "https://e.x/:a/u2", "/:id", "/*", "https://*.x/u1", "https://e.x", "https://e.x/u1/*",
	"https://E.X:443/a/*", "http{s}?://e.x/*", "https://e.x/(a|b)/:c+", "https://:h/((?:a|b|c)+)u1", "*://*/*", "/q?x", "urn\\:*", "https://e.x/:a-:b",
}

var indexTopics = []string{
	"a", "b", "a/b", "a/c", "c/b", "{{{", "a/{x}", "a-u1-b", "a-u2-b", "a-u1b", "ab", "x/u1/b", "é/1", "%C3%A9/b",
	"https://e.x/1", "https://e.x/2/3", "https://e.x/a/u1", "https://e.x/b/u2", "https://e.x/u1/", "https://e.x/u1/a/b", "https://E.X/1", "https://e.x:443/a/u1",
	"https://e.x/a/../1", "http://e.x/u1", "https://b.x/u1", "/1", "1", "/q?x", "urn:a", "https://e.x/a/b", "https://e.x/a/b?c=1", "https://e.x/abcabcu1", "http://[", "https://e.x/a-b",
}

// drawSelectors draws some distinct selectors.
func drawSelectors(t *rapid.T) []*spec.Selector {
	base := spec.UnnamedBase()
	var sels []*spec.Selector
	for _, text := range rapid.SliceOfNDistinct(rapid.SampledFrom(indexSelectors), 0, 4, rapid.ID[string]).Draw(t, "selectors") {
		sel, err := spec.ParseTopicSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		sels = append(sels, sel)
	}
	for _, text := range rapid.SliceOfNDistinct(rapid.SampledFrom(indexPatterns), 0, 4, rapid.ID[string]).Draw(t, "patterns") {
		sel, err := spec.ParseMatcher(spec.MatchPattern, text, base)
		if err != nil {
			t.Fatal(err)
		}
		sels = append(sels, sel)
	}
	return sels
}

// TestIndexAgreesWithANaiveScan adds, removes and matches at random. Whoever a
// scan finds is found, once, for sure or perhaps; for sure unless all that
// matches is dear; and nobody else is found for sure.
func TestIndexAgreesWithANaiveScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkIndex(t, drawSelectors, indexTopics) })
}

// The same with selectors that have much in common, so that places are crowded.
func TestCrowdedIndexAgreesWithANaiveScan(t *testing.T) {
	var texts, topics []string
	for i := range 128 {
		texts = append(texts, fmt.Sprintf("p%d{v%d}-%d-{w}s%d", i%2, i, i/2%2, i/4%2), fmt.Sprintf("p1{+v%d}", i))
		topics = append(topics, fmt.Sprintf("p%da-%d-bs%d", i%2, i/2%2, i/4%2))
	}
	draw := func(t *rapid.T) []*spec.Selector {
		var sels []*spec.Selector
		for _, text := range rapid.SliceOfNDistinct(rapid.SampledFrom(texts), 10, 30, rapid.ID[string]).Draw(t, "selectors") {
			sels = append(sels, modelSelector(t, text))
		}
		return sels
	}
	rapid.Check(t, func(t *rapid.T) { checkIndex(t, draw, topics) })
}

func checkIndex(t *rapid.T, draw func(*rapid.T) []*spec.Selector, topics []string) {
	x := newIndex()
	var subs []*Subscriber
	wants := make(map[*Subscriber]Subscription)
	var stamp store.Position
	var m match
	others := make(map[any]spec.Cost) // what subscribers elsewhere have spent
	t.Repeat(map[string]func(*rapid.T){
		"add": func(t *rapid.T) {
			want := Subscription{Selectors: draw(t), Owner: rapid.IntRange(1, 3).Draw(t, "owner")}
			sub := newSubscriber(nil, want)
			if rapid.Bool().Draw(t, "others") {
				x.allowances[want.Owner] += ownerCost / 2
				others[want.Owner] += ownerCost / 2
			}
			for _, sel := range want.Selectors {
				sub.seats = append(sub.seats, x.add(sel, sub))
			}
			subs = append(subs, sub)
			wants[sub] = want
		},
		"remove": func(t *rapid.T) {
			if len(subs) == 0 {
				return
			}
			i := rapid.IntRange(0, len(subs)-1).Draw(t, "who")
			for _, s := range subs[i].seats {
				x.remove(s)
			}
			subs = slices.Delete(subs, i, i+1)
			if len(subs) == 0 {
				checkEmpty(t, x)
				if !maps.Equal(x.allowances, others) {
					t.Fatalf("owners without subscribers have spent %v, and %v elsewhere", x.allowances, others)
				}
			}
		},
		"match": func(t *rapid.T) {
			asked := rapid.SliceOfN(rapid.SampledFrom(topics), 1, 3).Draw(t, "topics")
			stamp++
			x.match(&m, asked, stamp)
			for _, sub := range subs {
				want := wants[sub]
				sure, perhaps := count(m.sure, sub), count(m.perhaps, sub)
				if sure+perhaps > 1 {
					t.Fatalf("SUB-once-per-stream: a subscriber was found %d times for %q", sure+perhaps, asked)
				}
				matched, evaluated := false, false
				for _, s := range sub.seats {
					if slices.ContainsFunc(asked, s.selector.Match) {
						matched = true
						evaluated = evaluated || s.asked || s.selector.Cost() == 0
					}
				}
				switch {
				case matched && sure+perhaps == 0, evaluated && sure == 0, sure > 0 && !matched:
					t.Fatalf("a subscriber of %v is found %d times for sure, %d perhaps for %q; a scan finds it: %v, without dear selectors: %v",
						want.Selectors, sure, perhaps, asked, matched, evaluated)
				}
				if f := newFilter(&want); f.wants(update(t, "", asked...)) != matched {
					t.Fatalf("the filter of %v does not agree with a scan for %q", want.Selectors, asked)
				}
			}
		},
	})
}

// TestFilterGoesOn: an entry decided over many turns is decided as at once, and
// asked about again, it is what it was.
func TestFilterGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFilter(&Subscription{Selectors: drawSelectors(t)})
		past := time.Now().Add(-time.Second)
		for entry := range store.Position(3) {
			u := update(t, "", rapid.SliceOfN(rapid.SampledFrom(indexTopics), 1, 3).Draw(t, "topics")...)
			decide := func() bool {
				for {
					if selected, done := f.selects(u, entry+1, past); done {
						return selected
					}
				}
			}
			if got, want := decide(), f.wants(u); got != want {
				t.Fatalf("%v is decided %v in turns, %v at once", u.Topics(), got, want)
			}
			if f.wants(u) && !decide() {
				t.Fatalf("%v was selected, and is not when its event was refused", u.Topics())
			}
		}
	})
}

func count(all []*Subscriber, one *Subscriber) int {
	n := 0
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// checkEmpty fails if an index without subscribers holds on to anything.
func checkEmpty(t *rapid.T, x *index) {
	held := len(x.exact) + len(x.all.seats)
	for _, r := range []*region{&x.topics, &x.urls} {
		s := &r.sites
		held += len(r.groups) + s.size + len(s.anywhere.groups) + len(s.prefixes.root.children) + len(s.suffixes.root.children) + len(s.inners.root.children)
	}
	if held != 0 {
		t.Fatalf("an index without subscribers holds %d things: %+v", held, x)
	}
}

// The other tests rest on it.
func TestDearPatternIsDear(t *testing.T) {
	sel := modelSelector(t, dearPattern)
	if sel.Cost() <= ownerCost {
		t.Errorf("it costs %d, of %d allowed", sel.Cost(), ownerCost)
	}
	for topic, want := range map[string]bool{"a": true, "b": false, "c/1": true, "c/2": false} {
		if sel.Match(topic) != want {
			t.Errorf("it matches %q: %v", topic, !want)
		}
	}
}
