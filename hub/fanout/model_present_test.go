package fanout

import (
	"slices"

	"cinnabar/spec"

	"pgregory.net/rapid"
)

// look asks who listens, at any moment, and holds the answer against a list of
// what happened up to its cursor (SUBS-api-cursor-consistent).
func (w *world) look(t *rapid.T) {
	now := w.engine.Presence()
	w.learn()
	cursor := now.Cursor()
	last := slices.IndexFunc(w.facts, func(f fact) bool { return f.ID.String() == cursor })
	if last < 0 && cursor != spec.Earliest {
		return // of an update that was trimmed before the model saw it
	}
	want := make(map[string]bool)
	for _, f := range w.facts[:last+1] {
		switch s := f.Subscription; {
		case s == nil:
		case s.Active():
			want[s.Topic(spec.Current, "")] = true
		default:
			delete(want, s.Topic(spec.Current, ""))
		}
	}
	page, err := now.Page(spec.Current, spec.SubscriptionQuery{}, "")
	if err != nil {
		t.Fatalf("listing who listens: %v", err)
	}
	for _, s := range page.Subscriptions {
		if topic := s.Topic(spec.Current, ""); !want[topic] {
			t.Fatalf("as of %s, %s is listed, and is not open", cursor, topic)
		}
	}
	if len(page.Subscriptions) != len(want) || now.Len() != len(want) {
		t.Fatalf("as of %s, %d subscriptions are listed and %d counted, want %d", cursor, len(page.Subscriptions), now.Len(), len(want))
	}
}
