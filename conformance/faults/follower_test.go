package faults

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A poor line is slow until its reader is told to hurry.
func TestTrickle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, rate = 10_000, 1_000
		hurried := make(chan struct{})
		line := &trickle{strings.NewReader(strings.Repeat("x", size)), rate, hurried}
		began := time.Now()
		if _, err := io.ReadFull(line, make([]byte, size/2)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != size/2*time.Second/rate {
			t.Errorf("%d bytes took %v at %d bytes a second", size/2, took, rate)
		}
		close(hurried)
		began = time.Now()
		if rest, err := io.ReadAll(line); err != nil || len(rest) != size/2 || time.Since(began) != 0 {
			t.Errorf("hurrying, %d bytes took %v (%v), want %d at once", len(rest), time.Since(began), err, size/2)
		}
	})
}

// A follower whose connection is cut comes back with its cursor and misses
// nothing; the record knows what was in flight when it asked.
func TestCut(t *testing.T) {
	url := serveFake(t, none)
	record := NewRecord()
	f := record.Follow(func() string { return url }, Subscription{Name: "s", Topics: []string{"*"}})
	defer f.Stop()
	if err := patiently(t.Context(), 30*time.Second, f.Open); err != nil {
		t.Fatal(err)
	}
	p := record.Publisher("p", everything)
	defer p.Close()
	record.begin("waiting/1/50", Update{Topic: "t"}) // never answered
	for n := 1; n <= 3; n++ {
		a := p.Publish(t.Context(), url, Update{Topic: "t", Size: 60})
		seen := func(ctx context.Context) error { return f.Await(ctx, a.Key) }
		if err := patiently(t.Context(), 30*time.Second, seen); err != nil {
			t.Fatal(err)
		}
		f.Cut()
		reopened := func() bool { return len(f.View().Connections) > n }
		if !await(t.Context(), 30*time.Second, reopened) {
			t.Fatalf("cut %d times, the follower does not come back", n)
		}
		if c := f.View().Connections[n]; c.Asked != a.ID || c.Answered != a.ID || c.InFlight != 1 {
			t.Errorf("it came back as %+v, want a cursor of %s and 1 in flight", c, a.ID)
		}
	}
	if v := record.Judge(f.Stop()); v.Err() != nil || v.Delivered != 3 {
		t.Errorf("cut three times, it saw %d events of 3: %v", v.Delivered, v.Err())
	}
}

// Publishers that persist wait while there is no hub, and go on after a
// publish that got no answer; what was never sent is no attempt.
func TestLoadPersists(t *testing.T) {
	url := serveFake(t, none)
	record := NewRecord()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	asked := 0
	load := Load{
		Publishers: 1, Tokens: []string{everything}, Persist: time.Millisecond,
		Next: func(_, n int) Update { return Update{Topic: "t", Size: 60} },
	}
	err := load.Run(ctx, record, "l", func() string {
		asked++
		switch {
		case asked <= 2:
			return "" // being restarted
		case asked == 3:
			return "http://127.0.0.1:1" // nobody listens there
		case record.Tally().Acknowledged == 5:
			cancel()
		}
		return url
	})
	if tally := record.Tally(); err != nil || tally.Acknowledged < 5 || tally.Indeterminate != 0 {
		t.Errorf("persisting publishers: %v, %v; want 5 acknowledged and none indeterminate", tally, err)
	}
}
