package fanout

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"cinnabar/spec"
	"cinnabar/store"

	"pgregory.net/rapid"
)

// TestIndexAgreesWithANaiveScan adds, removes and matches at random.
func TestIndexAgreesWithANaiveScan(t *testing.T) {
	texts := []string{"*", "a", "b", "a/b", "a/{x}", "{x}/b", "{+x}", "https://e.x/{id}", "https://e.x/1", "{{{"}
	topics := []string{"a", "b", "a/b", "a/c", "c/b", "https://e.x/1", "https://e.x/2/3", "{{{", "a/{x}", ""}
	rapid.Check(t, func(t *rapid.T) {
		x := newIndex()
		subs := make(map[*Subscriber][]*spec.Selector)
		var order []*Subscriber
		var stamp store.Position
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				sub := &Subscriber{}
				for _, text := range rapid.SliceOfNDistinct(rapid.SampledFrom(texts), 1, 4, rapid.ID[string]).Draw(t, "selectors") {
					sel, err := spec.ParseTopicSelector(text)
					if err != nil {
						t.Fatal(err)
					}
					sub.seats = append(sub.seats, x.add(sel, sub))
					subs[sub] = append(subs[sub], sel)
				}
				order = append(order, sub)
			},
			"remove": func(t *rapid.T) {
				if len(order) == 0 {
					return
				}
				i := rapid.IntRange(0, len(order)-1).Draw(t, "who")
				for _, s := range order[i].seats {
					x.remove(s)
				}
				delete(subs, order[i])
				order = slices.Delete(order, i, i+1)
				if len(order) == 0 && len(x.exact)+len(x.tested)+len(x.all.seats) != 0 {
					t.Fatalf("an index without subscribers holds %d exact, %d tested, %d wildcard seats", len(x.exact), len(x.tested), len(x.all.seats))
				}
			},
			"match": func(t *rapid.T) {
				asked := rapid.SliceOfN(rapid.SampledFrom(topics), 1, 3).Draw(t, "topics")
				stamp++
				got := x.match(nil, asked, stamp)
				want := 0
				for sub, sels := range subs {
					if !slices.ContainsFunc(sels, func(sel *spec.Selector) bool { return slices.ContainsFunc(asked, sel.Match) }) {
						continue
					}
					want++
					if n := len(got) - len(slices.DeleteFunc(slices.Clone(got), func(s *Subscriber) bool { return s == sub })); n != 1 {
						t.Fatalf("SUB-once-per-stream: a subscriber of %v was found %d times for %q", sels, n, asked)
					}
				}
				if len(got) != want {
					t.Fatalf("%d subscribers found for %q, a scan finds %d", len(got), asked, want)
				}
			},
		})
	})
}

func BenchmarkIndexMatch(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		for name, format := range map[string]string{"exact": "https://e.x/%d", "shared template": "https://e.x/{id}/%.0d"} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				x := newIndex()
				for i := range n {
					sel, err := spec.ParseTopicSelector(fmt.Sprintf(format, i))
					if err != nil {
						b.Fatal(err)
					}
					sub := &Subscriber{}
					sub.seats = append(sub.seats, x.add(sel, sub))
				}
				topics := []string{""}
				var dst []*Subscriber
				b.ReportAllocs()
				for i := range b.N {
					topics[0] = fmt.Sprintf("https://e.x/%d", rand.IntN(n))
					dst = x.match(dst[:0], topics, store.Position(i+1))
				}
			})
		}
	}
}
