package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cinnabar/spec"
)

// TestForesee: the forecast is what the rules do, and the newest update stays.
func TestForesee(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	selector := func(text string) *spec.Selector {
		s, err := spec.ParseTopicSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	scan := func(visit func(time.Time, []string, int)) error {
		for i := range 30 { // a second apart, the newest now
			visit(now.Add(time.Duration(i-29)*time.Second), []string{[]string{"tick", "order", "note"}[i%3]}, 100)
		}
		return nil
	}
	got, err := Foresee(Retention{MaxCount: 4, Rules: []Rule{
		{Selector: selector("tick"), MaxAge: 5 * time.Second},
		{Selector: selector("order"), MaxBytes: 250},
		{Selector: selector("never")},
	}}, now, scan)
	if err != nil {
		t.Fatal(err)
	}
	at := func(seconds int) time.Time { return now.Add(time.Duration(seconds) * time.Second) }
	want := []Share{
		{Entries: 10, Bytes: 1000, Oldest: at(-27), Goes: 6, GoesBytes: 600, GoesUpTo: at(-12)},
		{Rule: "tick", Entries: 10, Bytes: 1000, Oldest: at(-29), Goes: 8, GoesBytes: 800, GoesUpTo: at(-8)}, // five seconds old is not too old
		{Rule: "order", Entries: 10, Bytes: 1000, Oldest: at(-28), Goes: 8, GoesBytes: 800, GoesUpTo: at(-7)},
		{Rule: "never"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("the forecast is\n %+v, want\n %+v", got, want)
	}

	alone, err := Foresee(Retention{MaxAge: time.Millisecond}, now.Add(time.Hour), scan)
	if err != nil || len(alone) != 1 || alone[0].Goes != 29 {
		t.Errorf("of a history past its age %+v (%v) goes, want all but the newest", alone, err)
	}
	broken := fmt.Errorf("unreadable")
	if _, err := Foresee(Retention{}, now, func(func(time.Time, []string, int)) error { return broken }); err != broken {
		t.Errorf("a history that cannot be read: %v, want %v", err, broken)
	}
}
