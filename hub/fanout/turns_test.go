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
			q.push(&Subscriber{want: Subscription{Owner: owner}})
		}
	}
	push("crowd", 5)
	push("one", 1)
	push("pair", 2)
	var order []any
	take := func() *Subscriber {
		s := q.next()
		order = append(order, s.want.Owner)
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
	if len(q.lines) != 0 || len(q.order) != 0 {
		t.Errorf("%d lines, %d in order are left behind", len(q.lines), len(q.order))
	}
	q.close()
	if s := q.next(); s != nil {
		t.Error("a closed queue gave somebody a turn")
	}
}
