package bolt

import (
	"fmt"
	"slices"
	"testing"

	"cinnabar/spec"
	"cinnabar/store"

	"go.etcd.io/bbolt"
)

func connection(t *testing.T, matchers ...string) []*spec.Subscription {
	t.Helper()
	var selectors []*spec.Selector
	for _, m := range matchers {
		s, err := spec.ParseTopicSelector(m)
		if err != nil {
			t.Fatal(err)
		}
		selectors = append(selectors, s)
	}
	made, err := spec.NewSubscriptions(spec.NewSubscriberID(), selectors, nil)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// TestChangesSurviveFailedCommits: a commit that fails, or only seems to, loses
// no change, repeats none, and leaves the set of open subscriptions as the
// entries say.
func TestChangesSurviveFailedCommits(t *testing.T) {
	for name, faults := range map[string][]func(*bbolt.Tx) error{
		"lost":                 {lost},
		"persisted":            {persisted},
		"lost, then persisted": {lost, persisted, lost},
	} {
		t.Run(name, func(t *testing.T) {
			d := new(disk)
			l := openOn(t, d, Options{})
			change := func(changes ...*spec.Subscription) {
				t.Helper()
				if _, err := l.Change(background, changes...); err != nil {
					t.Fatalf("appending changes: %v", err)
				}
			}
			one := connection(t, "x", "y")
			d.fail(faults...)
			change(one...)
			add(t, l, store.Disk, "u") // whatever becomes of it
			eventually(t, "the log heals", func() bool { return l.Health() == nil })
			change(one[0].Ended())
			if _, err := add(t, l, store.Disk, "v"); err != nil {
				t.Fatalf("appending after the fault: %v", err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			again, err := Open(l.path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			chunk, err := again.Read(background, 0, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range chunk.Entries {
				if s := e.Subscription; s != nil {
					got = append(got, fmt.Sprint(s.Match(), " ", s.Active()))
				}
			}
			// The last one ends what nobody has ended.
			if want := []string{"x true", "y true", "x false", "y false"}; !slices.Equal(got, want) {
				t.Errorf("the history tells %q, want %q", got, want)
			}
		})
	}
}
