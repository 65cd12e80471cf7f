package presence

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cinnabar/spec"
)

// open makes the subscriptions of one new connection.
func open(t testing.TB, selectors ...*spec.Selector) []*spec.Subscription {
	t.Helper()
	made, err := spec.NewSubscriptions(spec.NewSubscriberID(), selectors, nil)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func matcher(t testing.TB, matchType, value string) *spec.Selector {
	t.Helper()
	s, err := spec.ParseMatcher(matchType, value, spec.UnnamedBase())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A naive fold is a list of what is open.
type naive []*spec.Subscription

func (n naive) apply(s *spec.Subscription) naive {
	rest := slices.DeleteFunc(slices.Clone(n), func(o *spec.Subscription) bool {
		return o.Subscriber() == s.Subscriber() && o.MatchType() == s.MatchType() && o.Match() == s.Match()
	})
	if s.Active() {
		rest = append(rest, s)
	}
	return rest
}

func (n naive) collection(g spec.Generation, q spec.SubscriptionQuery) []string {
	var found []string
	for _, s := range n {
		switch {
		case !s.Shows(g),
			q.ByMatch && s.Match() != q.Match,
			q.ByMatch && g == spec.Current && s.MatchType() != q.MatchType,
			q.Single && s.Subscriber().String() != q.Subscriber:
			continue
		}
		found = append(found, s.Topic(spec.Current, ""))
	}
	slices.Sort(found)
	return found
}

// everything reads a collection page by page.
func everything(t testing.TB, s Snapshot, g spec.Generation, q spec.SubscriptionQuery) []string {
	t.Helper()
	var found []string
	for after := ""; ; {
		page, err := s.Page(g, q, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.Subscriptions {
			found = append(found, s.Topic(spec.Current, ""))
		}
		if after = page.Next; after == "" {
			slices.Sort(found)
			return found
		}
	}
}

// The fold is at every moment what a list would be, and its snapshots stay what
// they were when they were taken.
func TestFoldAgainstList(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	selectors := []*spec.Selector{
		matcher(t, "", "a"), matcher(t, "urlpattern", "a"), matcher(t, "uritemplate", "a"), matcher(t, "", "b"),
		matcher(t, "", "*"), matcher(t, "urlpattern", "*"), matcher(t, "", ""),
	}
	var fold Fold
	var list naive
	var known []*spec.Subscription
	type moment struct {
		Snapshot
		naive
	}
	var moments []moment
	for i := range 3000 {
		switch {
		case len(known) == 0 || random.IntN(8) < 3:
			random.Shuffle(len(selectors), func(i, j int) { selectors[i], selectors[j] = selectors[j], selectors[i] })
			known = append(known, open(t, selectors[:1+random.IntN(3)]...)...)
			continue
		default:
			s := known[random.IntN(len(known))]
			if random.IntN(2) == 0 {
				s = s.Ended()
			}
			fold.Apply(s)
			list = list.apply(s)
		}
		if i%100 == 0 {
			moments = append(moments, moment{fold.Snapshot(), list})
		}
	}
	for _, m := range moments {
		if m.Len() != len(m.naive) {
			t.Fatalf("%d subscriptions are open, want %d", m.Len(), len(m.naive))
		}
		for _, g := range []spec.Generation{spec.Legacy, spec.Current} {
			queries := []spec.SubscriptionQuery{{}}
			for _, match := range []string{"a", "b", "*", "", "c"} {
				for _, matchType := range []string{"exact", "urlpattern", "uritemplate"} {
					if g == spec.Legacy {
						matchType = ""
					}
					queries = append(queries, spec.SubscriptionQuery{ByMatch: true, MatchType: matchType, Match: match})
				}
			}
			for _, q := range queries {
				if got, want := everything(t, m.Snapshot, g, q), m.collection(g, q); !slices.Equal(got, want) {
					t.Fatalf("%+v in %s:\n\tgot  %q\n\twant %q", q, g, got, want)
				}
			}
		}
	}
	last := moments[len(moments)-1]
	for _, s := range known {
		for _, g := range []spec.Generation{spec.Legacy, spec.Current} {
			q := spec.SubscriptionQuery{ByMatch: true, Match: s.Match(), Single: true, Subscriber: s.Subscriber().String()}
			if g == spec.Current {
				q.MatchType = s.MatchType()
			}
			want := last.collection(g, q)
			got := last.Single(g, q)
			if (got != nil) != (len(want) == 1) || got != nil && got.Topic(spec.Current, "") != want[0] {
				t.Fatalf("%+v in %s: got %+v, want %q", q, g, got, want)
			}
		}
	}
}

func TestSingleIsAConnection(t *testing.T) {
	var fold Fold
	fold.Apply(open(t, matcher(t, "", "a"))[0])
	for _, subscriber := range []string{"", "x", "urn:uuid:", strings.Repeat("0", 45)} {
		q := spec.SubscriptionQuery{ByMatch: true, MatchType: "exact", Match: "a", Single: true, Subscriber: subscriber}
		if got := fold.Snapshot().Single(spec.Current, q); got != nil {
			t.Errorf("subscriber %q has a subscription: %+v", subscriber, got)
		}
	}
}

func TestCursor(t *testing.T) {
	var fold Fold
	if got := fold.Snapshot().Cursor(); got != spec.Earliest {
		t.Errorf("SUBS-api-cursor-value: before anything was dispatched the cursor is %q, want %q", got, spec.Earliest)
	}
	id, err := spec.ParseEventID("urn:x:1")
	if err != nil {
		t.Fatal(err)
	}
	fold.Pass(id)
	if got := fold.Snapshot().Cursor(); got != "urn:x:1" {
		t.Errorf("SUBS-api-cursor-value: the cursor is %q, want the id of the last entry", got)
	}
}

// Whoever stays is in exactly one page, whoever comes and goes meanwhile.
func TestPagesUnderChange(t *testing.T) {
	for _, q := range []spec.SubscriptionQuery{{}, {ByMatch: true, MatchType: "exact", Match: "all"}} {
		var fold Fold
		stays := make(map[string]int)
		all := matcher(t, "", "all")
		var leaves []*spec.Subscription
		for i := range 3500 {
			own := all
			if !q.ByMatch {
				own = matcher(t, "", fmt.Sprint("s", i%5))
			}
			s := open(t, own)[0]
			fold.Apply(s)
			if i%7 == 0 {
				leaves = append(leaves, s)
			} else {
				stays[s.Topic(spec.Current, "")] = 0
			}
		}
		pages := 0
		for after := ""; ; pages++ {
			page, err := fold.Snapshot().Page(spec.Current, q, after)
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Subscriptions) > MaxPage {
				t.Errorf("a page holds %d subscriptions, want %d at most", len(page.Subscriptions), MaxPage)
			}
			for _, s := range page.Subscriptions {
				if topic := s.Topic(spec.Current, ""); stays[topic] >= 0 {
					if _, ok := stays[topic]; ok {
						stays[topic]++
					}
				}
			}
			for range 100 {
				fold.Apply(leaves[0].Ended())
				leaves = append(leaves[1:], open(t, all)[0])
				fold.Apply(leaves[len(leaves)-1])
			}
			if after = page.Next; after == "" {
				break
			}
		}
		if pages < 3 {
			t.Errorf("%+v: 3500 subscriptions came in %d pages", q, pages+1)
		}
		for topic, times := range stays {
			if times != 1 {
				t.Fatalf("SUBS-api-paginate-valid: %s was listed %d times, want once", topic, times)
			}
		}
	}
}

func TestPageIsBoundInBytes(t *testing.T) {
	var fold Fold
	long := matcher(t, "", strings.Repeat("a", 8000))
	for range 100 {
		fold.Apply(open(t, long)[0])
	}
	page, err := fold.Snapshot().Page(spec.Current, spec.SubscriptionQuery{}, "")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(page.Subscriptions); n < 10 || n > 50 || page.Next == "" {
		t.Errorf("a page holds %d subscriptions of 32 KB, next %q: want about %d bytes", n, page.Next, MaxPageSize)
	}
	if len(page.Next) > 100 {
		t.Errorf("next is %d bytes long: it has to fit a header, however long the selectors", len(page.Next))
	}
}

func TestPageRefusesPlaces(t *testing.T) {
	for _, after := range []string{"x", "1.exact", "1.exact.zz", "g.exact." + strings.Repeat("0", 32), strings.Repeat("1", 20) + ".exact." + strings.Repeat("0", 32)} {
		if page, err := (Snapshot{}).Page(spec.Current, spec.SubscriptionQuery{}, after); err == nil {
			t.Errorf("after %q: got %+v, want an error", after, page)
		}
	}
}

func TestTreeStaysShallow(t *testing.T) {
	var fold Fold
	selector := matcher(t, "", "a")
	for range 10_000 {
		fold.Apply(open(t, selector)[0])
	}
	// 1.39 log2 n on average; three times log2 n has not been seen in practice.
	if got := depth(fold.root); got > 60 {
		t.Errorf("10,000 subscriptions to one selector make a tree %d deep", got)
	}
}

func depth(n *node) int {
	if n == nil {
		return 0
	}
	return 1 + max(depth(n.left), depth(n.right))
}

func BenchmarkApply(b *testing.B) {
	for _, size := range []int{100, 10_000, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			var fold Fold
			made := make([]*spec.Subscription, size)
			for i := range made {
				s, err := spec.NewSubscriptions(spec.NewSubscriberID(), []*spec.Selector{matcher(b, "", fmt.Sprint("s", i%1000))},
					func(string) (json.RawMessage, bool) { return nil, false })
				if err != nil {
					b.Fatal(err)
				}
				made[i] = s[0]
				fold.Apply(s[0])
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				s := made[i*7919%size]
				fold.Apply(s.Ended())
				fold.Apply(s)
			}
		})
	}
}
