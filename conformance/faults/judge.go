package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Kind is what is wrong with a delivery.
type Kind string

const (
	Missing       Kind = "missing"       // acknowledged, meant for this view, and never shown
	Duplicated    Kind = "duplicated"    // shown more than once
	Reordered     Kind = "reordered"     // shown before something acknowledged earlier
	Leaked        Kind = "leaked"        // private and not granted, or not asked for
	Misidentified Kind = "misidentified" // not under the id acknowledged, or one id for two publishes
	Invented      Kind = "invented"      // shown, but refused, damaged or never published
	CursorLost    Kind = "cursor lost"   // the hub did not honour a cursor it gave out
	Broken        Kind = "broken"        // an answer that breaks the protocol or ends an EventSource
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{Missing, Duplicated, Reordered, Leaked, Misidentified, Invented, CursorLost, Broken}
}

// A Fault is one thing wrong with a view.
type Fault struct {
	Kind   Kind   `json:"kind"`
	Detail string `json:"detail"`
}

// A Verdict is the judgement of one view.
type Verdict struct {
	View      string
	Expected  int // acknowledged publishes the view has to hold
	Delivered int // events it holds
	Settled   int // indeterminate publishes among those
	Faults    []Fault
}

// Err returns nil for a view without fault, else its faults, the first few in
// full.
func (v Verdict) Err() error {
	if len(v.Faults) == 0 {
		return nil
	}
	const shown = 5
	lines := []string{fmt.Sprintf("%s: %d faults", v.View, len(v.Faults))}
	for _, f := range v.Faults[:min(shown, len(v.Faults))] {
		lines = append(lines, fmt.Sprintf("%s: %s", f.Kind, f.Detail))
	}
	return errors.New(strings.Join(lines, "\n\t"))
}

func (v *Verdict) fault(k Kind, format string, args ...any) {
	v.Faults = append(v.Faults, newFault(k, format, args...))
}

func newFault(k Kind, format string, args ...any) Fault {
	return Fault{k, fmt.Sprintf(format, args...)}
}

// Judge compares a view with what was published. It is to be called when the
// view has shown a publish that began after all others had ended: whatever is
// not in it then will not come.
func (r *Record) Judge(v View) Verdict {
	attempts := r.Attempts()
	verdict := Verdict{View: v.Subscription.Name, Delivered: len(v.Sightings)}
	byKey := make(map[string]*Attempt, len(attempts))
	byID := make(map[string]*Attempt, len(attempts))
	for i := range attempts {
		a := &attempts[i]
		byKey[a.Key] = a
		if a.Outcome != Acknowledged {
			continue
		}
		if b := byID[a.ID]; b != nil {
			verdict.fault(Misidentified, "%s was acknowledged for %s and for %s", a.ID, b.Key, a.Key)
		}
		byID[a.ID] = a
	}
	for _, problem := range v.Broken {
		verdict.fault(Broken, "%s", problem)
	}
	verdict.judgeCursors(v)
	seen := verdict.judgeSightings(v, byKey, byID)
	for _, a := range expected(attempts, v) {
		verdict.Expected++
		if !seen[a.Key] {
			verdict.fault(Missing, "%s, acknowledged as %s at %v", a.Key, a.ID, a.Ended)
		}
	}
	return verdict
}

// AwaitExpected waits until each follower has seen everything acknowledged so
// far that is meant for it.
func (r *Record) AwaitExpected(ctx context.Context, followers ...*Follower) error {
	attempts := r.Attempts()
	for _, f := range followers {
		var keys []string
		for _, a := range expected(attempts, f.View()) {
			keys = append(keys, a.Key)
		}
		if err := f.Await(ctx, keys...); err != nil {
			return err
		}
	}
	return nil
}

// expected returns the acknowledged attempts that a view has to hold: those
// meant for it that began after its own beginning.
func expected(attempts []Attempt, v View) []Attempt {
	var begins time.Duration = -1
	switch {
	case v.Subscription.From != "":
		for _, a := range attempts {
			if a.Outcome == Acknowledged && a.ID == v.Subscription.From {
				begins = a.Ended
			}
		}
	case len(v.Connections) > 0:
		begins = v.Connections[0].At
	}
	return slices.DeleteFunc(slices.Clone(attempts), func(a Attempt) bool {
		return a.Outcome != Acknowledged || a.Began <= begins || !v.Subscription.wants(a.Update)
	})
}

// judgeCursors wants every cursor honoured that stands for something durable.
// What the hub tells of subscriptions is not, and a hub that was killed may have
// to say that more is gone than it knows of.
func (verdict *Verdict) judgeCursors(v View) {
	if v.OfHub > 0 && !covers(v.Subscription.Granted, "*") {
		verdict.fault(Leaked, "%d events about subscriptions, which it may not read", v.OfHub)
	}
	for _, c := range v.Connections {
		if c.Answered != c.Asked && !(c.OfHub && c.Answered == Earliest) {
			verdict.fault(CursorLost, "asked to resume after %q, the hub answers %q", c.Asked, c.Answered)
		}
	}
}

// judgeSightings goes through a view in its order and returns the keys in it.
//
// Two publishes are ordered when one had been acknowledged before the other
// began, whoever made them: that order has to be the order of the log. So no
// event may follow one that began after it was acknowledged.
func (verdict *Verdict) judgeSightings(v View, byKey, byID map[string]*Attempt) map[string]bool {
	seen := make(map[string]bool, len(v.Sightings))
	names := make(map[string]string, len(v.Sightings))
	var latest *Attempt // of those seen, the one that began last
	for _, s := range v.Sightings {
		a := byKey[s.Key]
		switch {
		case a == nil:
			verdict.fault(Invented, "%.80q under %s was never published", s.Key, s.ID)
			continue
		case !s.Intact:
			verdict.fault(Invented, "the payload of %s is damaged", s.Key)
		case a.Outcome == Refused || a.Outcome == Unsent:
			verdict.fault(Invented, "%s was refused or never sent: %s", s.Key, a.Problem)
		case a.Outcome == Indeterminate && !seen[s.Key]:
			verdict.Settled++
		}
		if seen[s.Key] {
			verdict.fault(Duplicated, "%s comes again as %s", s.Key, s.ID)
			continue
		}
		seen[s.Key] = true
		if !v.Subscription.wants(a.Update) {
			verdict.fault(Leaked, "%s about %s (private: %t)", s.Key, a.Update.Topic, a.Update.Private)
		}
		if a.Outcome == Acknowledged && a.ID != s.ID {
			verdict.fault(Misidentified, "%s was acknowledged as %s and comes as %s", s.Key, a.ID, s.ID)
		}
		if other, taken := names[s.ID]; taken {
			verdict.fault(Misidentified, "%s stands for %s and for %s", s.ID, other, s.Key)
		} else if b := byID[s.ID]; b != nil && b != a {
			verdict.fault(Misidentified, "%s stands for %s and was acknowledged for %s", s.ID, s.Key, b.Key)
		}
		names[s.ID] = s.Key
		if latest != nil && a.Outcome == Acknowledged && a.Ended < latest.Began {
			verdict.fault(Reordered, "%s comes after %s, which began %v after it was acknowledged",
				a.Key, latest.Key, latest.Began-a.Ended)
		}
		if latest == nil || a.Began > latest.Began {
			latest = a
		}
	}
	return seen
}

// Agree compares a view with the whole history as another follower read it:
// from its first event on, the view has to be the history, less what it did
// not ask for or may not read. The first difference is the fault returned.
func (r *Record) Agree(history, v View) []Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	start := 0
	switch {
	case v.Subscription.From != "" && v.Subscription.From == history.Subscription.From:
	case v.Subscription.From != "":
		start = 1 + slices.IndexFunc(history.Sightings, func(s Sighting) bool { return s.ID == v.Subscription.From })
		if start == 0 {
			return []Fault{{Missing, fmt.Sprintf("the history does not hold the cursor %s", v.Subscription.From)}}
		}
	case len(v.Sightings) > 0:
		start = slices.IndexFunc(history.Sightings, func(s Sighting) bool { return s.ID == v.Sightings[0].ID })
		if start < 0 {
			return []Fault{{Missing, fmt.Sprintf("%s was shown and is not in the history", v.Sightings[0].Key)}}
		}
	}
	shown := v.Sightings
	for _, s := range history.Sightings[start:] {
		if a := r.byKey[s.Key]; a == nil || !v.Subscription.wants(a.Update) {
			continue
		}
		if len(shown) == 0 {
			return []Fault{{Missing, fmt.Sprintf("%s: %s is in the history and was not shown", v.Subscription.Name, s.Key)}}
		}
		if shown[0].ID != s.ID || shown[0].Key != s.Key {
			return []Fault{{Reordered, fmt.Sprintf("%s was shown %s where the history holds %s", v.Subscription.Name, shown[0].Key, s.Key)}}
		}
		shown = shown[1:]
	}
	if len(shown) > 0 {
		return []Fault{{Missing, fmt.Sprintf("%s was shown %s, which the history does not hold", v.Subscription.Name, shown[0].Key)}}
	}
	return nil
}
