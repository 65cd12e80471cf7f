package fanout

import (
	"slices"
	"testing"
)

// TestOwnersTakeTurns: who opens a hundred connections waits among their own.
func TestOwnersTakeTurns(t *testing.T) {
	q := newTurns()
	push := func(owner string, n int) {
		for range n {
			q.push(&Subscriber{owner: owner})
		}
	}
	push("crowd", 5)
	push("one", 1)
	push("pair", 2)
	var order []any
	take := func() *Subscriber {
		s := q.next()
		order = append(order, s.owner)
		return s
	}
	for range 3 {
		take()
	}
	q.push(take()) // a turn was not enough: back to the end of its line
	for range 5 {
		take()
	}
	want := []any{"crowd", "one", "pair", "crowd", "pair", "crowd", "crowd", "crowd", "crowd"}
	if !slices.Equal(order, want) {
		t.Errorf("turns went to\n     %v, want\n     %v", order, want)
	}
	if w := &q.receiving; len(w.of) != 0 || len(w.order) != 0 {
		t.Errorf("%d lines, %d in order are left behind", len(w.of), len(w.order))
	}
	q.close()
	if s := q.next(); s != nil {
		t.Error("a closed queue gave somebody a turn")
	}
}

// TestReceiversGoFirst: who found nothing last time waits for those who did,
// but not for ever.
func TestReceiversGoFirst(t *testing.T) {
	q := newTurns()
	for range 100 {
		q.push(&Subscriber{owner: "searches", searching: true})
	}
	resuming := &Subscriber{owner: "resumes"}
	q.push(resuming)
	var turns, others int
	for turns < 3*searchEvery {
		s := q.next()
		if s != resuming {
			others++
			continue
		}
		turns++
		q.push(s)
	}
	if others != 2 { // before the 9th turn and before the 17th
		t.Errorf("%d turns of %d went to those who search, want 2: one after each %d", others, turns+others, searchEvery)
	}
	if q.next() == resuming {
		t.Error("who searches got no turn at all")
	}
}
