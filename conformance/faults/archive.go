package faults

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"
)

// archived is how many bytes of payload an archive covers at most; a history
// under test has to hold as much and a round more.
const archived = 128 << 20

// An archive remembers what the history held when it was judged, by digests:
// the events themselves are forgotten, and at the end it is read once more.
type archive struct {
	chapters []chapter
	bytes    int64
}

// A chapter is the history between two cursors.
type chapter struct {
	after, through string
	events         int
	bytes          int64
	digest         [sha256.Size]byte
}

// add takes in what a follower read of the history since the last chapter, and
// drops the oldest chapters where they cover too much.
func (a *archive) add(v View) {
	c := newChapter(v)
	a.chapters = append(a.chapters, c)
	a.bytes += c.bytes
	for len(a.chapters) > 1 && a.bytes > archived {
		a.bytes -= a.chapters[0].bytes
		a.chapters = a.chapters[1:]
	}
}

func newChapter(v View) chapter {
	c := chapter{after: v.Subscription.From, events: len(v.Sightings)}
	h := sha256.New()
	for _, s := range v.Sightings {
		fmt.Fprintf(h, "%q %q %t\n", s.ID, s.Key, s.Intact)
		size, _ := sizeOf(s.Key)
		c.bytes += int64(size)
		c.through = s.ID
	}
	h.Sum(c.digest[:0])
	return c
}

// reread compares the history with the chapters. It returns how many events
// were read and where they differ from what was judged.
func (a *archive) reread(ctx context.Context, target func() string, patience time.Duration, all Subscription) (events int, found []Fault, err error) {
	for _, want := range a.chapters {
		sub := all
		sub.Name, sub.From, sub.Through = "reader of what was judged before", want.after, want.through
		f := NewRecord().Follow(target, sub)
		late := patiently(ctx, patience, f.Finish)
		v := f.Stop()
		var verdict Verdict
		verdict.judgeCursors(v)
		found = append(found, verdict.Faults...)
		if got := newChapter(v); got != want {
			found = append(found, Fault{Missing, fmt.Sprintf(
				"the history after %s held %d events up to %s when it was judged, and %d other ones up to %s now",
				want.after, want.events, want.through, got.events, got.through)})
		}
		events += len(v.Sightings)
		if late != nil && len(found) == 0 {
			return events, nil, fmt.Errorf("reading the history again: %w", late)
		}
		if len(found) > 0 {
			break
		}
	}
	return events, found, nil
}
