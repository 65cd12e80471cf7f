package load

import (
	"errors"
	"fmt"
)

// A Tally is what streams got, and what was wrong with it.
type Tally struct {
	Events int64 `json:"events"` // each that was to come, once

	Lost      int64 `json:"lost"`
	Repeated  int64 `json:"repeated"`
	Reordered int64 `json:"reordered"` // came after others that were published later
	Foreign   int64 `json:"foreign"`   // meant for another stream, or published by nobody
	Damaged   int64 `json:"damaged"`   // other bytes than were published
	Ended     int64 `json:"ended"`     // streams that the hub ended

	Latency Histogram `json:"-"` // from before the publish to the reading
}

// Err tells what was wrong, all of it; nil when nothing was.
func (t *Tally) Err() error {
	var all []error
	for _, fault := range []struct {
		n    int64
		what string
	}{
		{t.Lost, "events lost"},
		{t.Repeated, "events repeated"},
		{t.Reordered, "events out of order"},
		{t.Foreign, "events on streams they were not meant for"},
		{t.Damaged, "events damaged"},
		{t.Ended, "streams ended by the hub"},
	} {
		if fault.n > 0 {
			all = append(all, fmt.Errorf("%d %s", fault.n, fault.what))
		}
	}
	return errors.Join(all...)
}

// take notes what became of an update that came.
func (t *Tally) take(o outcome) {
	switch o {
	case repeated:
		t.Repeated++
		return
	case foreign:
		t.Foreign++
		return
	case late:
		t.Reordered++
	}
	t.Events++
}

// add adds another tally.
func (t *Tally) add(other *Tally) {
	t.Events += other.Events
	t.Lost += other.Lost
	t.Repeated += other.Repeated
	t.Reordered += other.Reordered
	t.Foreign += other.Foreign
	t.Damaged += other.Damaged
	t.Ended += other.Ended
	t.Latency.merge(&other.Latency)
}
