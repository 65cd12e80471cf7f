package faults

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// An Outcome is what a publisher knows about a publish.
type Outcome uint8

const (
	Indeterminate Outcome = iota // no answer, or one that promises nothing: it may be stored
	Acknowledged                 // 200 with an id: it is stored
	Refused                      // a 4xx: it is not stored
	Unsent                       // no connection: the hub never saw it
)

// An Attempt is one publish. Times are since the record began.
type Attempt struct {
	Key    string // names it, in its own payload
	Update Update

	Outcome Outcome
	ID      string // as acknowledged
	Problem string // why it was not
	Status  int    // of the answer; 0: there was none
	Retry   string // the answer's Retry-After
	Began   time.Duration
	Ended   time.Duration // 0 while in flight
}

// unavailable tells that the hub said it could not store it now.
func (a *Attempt) unavailable() bool {
	return a.Status == http.StatusServiceUnavailable && a.Retry != ""
}

// A Record is everything that publishers did, kept outside the hub's process.
// It is safe for concurrent use.
type Record struct {
	began time.Time
	nonce string

	mu       sync.Mutex
	attempts []*Attempt
	byKey    map[string]*Attempt
	inFlight int
	tally    Tally
	latest   string // id acknowledged last
}

// NewRecord begins a record. Its payloads differ from those of any other.
func NewRecord() *Record {
	return &Record{began: time.Now(), nonce: rand.Text()[:8], byKey: make(map[string]*Attempt)}
}

// Now returns the time since the record began, by its monotonic clock.
func (r *Record) Now() time.Duration { return time.Since(r.began) }

// InFlight returns how many publishes wait for their answer.
func (r *Record) InFlight() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inFlight
}

// Latest returns the id acknowledged last.
func (r *Record) Latest() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.latest
}

// Attempts returns a copy of all attempts so far, less those forgotten.
func (r *Record) Attempts() []Attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Attempt, len(r.attempts))
	for i, a := range r.attempts {
		all[i] = *a
	}
	return all
}

// A Tally counts attempts.
type Tally struct {
	Acknowledged  int   `json:"acknowledged"`
	Indeterminate int   `json:"indeterminate"`
	Unavailable   int   `json:"unavailable"` // of the indeterminate ones, answered 503 with Retry-After
	Refused       int   `json:"refused"`
	Bytes         int64 `json:"payload_bytes"` // acknowledged
}

// Tally counts the attempts that have ended, those forgotten included.
func (r *Record) Tally() Tally {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tally
}

func (t Tally) String() string {
	return fmt.Sprintf("%d acknowledged (%.1f MB), %d indeterminate, %d refused",
		t.Acknowledged, float64(t.Bytes)/1e6, t.Indeterminate, t.Refused)
}

func (r *Record) begin(key string, u Update) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := &Attempt{Key: key, Update: u, Began: r.Now()}
	r.attempts = append(r.attempts, a)
	r.byKey[key] = a
	r.inFlight++
}

// end notes how an attempt ended and returns a copy of it. Of end it takes the
// outcome and what the answer was.
func (r *Record) end(key string, end Attempt) Attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.byKey[key]
	end.Key, end.Update, end.Began, end.Ended = a.Key, a.Update, a.Began, r.Now()
	*a = end
	r.inFlight--
	switch a.Outcome {
	case Acknowledged:
		r.latest = a.ID
		r.tally.Acknowledged++
		size, _ := sizeOf(key)
		r.tally.Bytes += int64(size)
	case Refused:
		r.tally.Refused++
	case Indeterminate:
		r.tally.Indeterminate++
		if a.unavailable() {
			r.tally.Unavailable++
		}
	}
	return *a
}

// straggling is how long after its end an indeterminate publish may still be
// stored: its publisher gave up, the hub may not have.
const straggling = 2 * answerTimeout

// Forget drops what is settled once every follower of it has been judged, so
// that a record may go on for hours: all attempts, but those without an answer
// that history does not hold and that may yet come to it.
func (r *Record) Forget(history View) {
	held := make(map[string]bool, len(history.Sightings))
	for _, s := range history.Sightings {
		held[s.Key] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var kept []*Attempt
	byKey := make(map[string]*Attempt)
	for _, a := range r.attempts {
		straggler := a.Outcome == Indeterminate && !held[a.Key] && (a.Ended == 0 || r.Now()-a.Ended < straggling)
		if straggler {
			kept = append(kept, a)
			byKey[a.Key] = a
		}
	}
	r.attempts, r.byKey = kept, byKey
}

// Unread returns how many payload bytes were acknowledged that a follower is
// to see and has not seen.
func (r *Record) Unread(f *Follower) (bytes int64) {
	v := f.View()
	seen := make(map[string]bool, len(v.Sightings))
	for _, s := range v.Sightings {
		seen[s.Key] = true
	}
	for _, a := range expected(r.Attempts(), v) {
		if !seen[a.Key] {
			size, _ := sizeOf(a.Key)
			bytes += int64(size)
		}
	}
	return bytes
}

// own returns the record's copy of a key, so that views share it.
func (r *Record) own(key string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.byKey[key]; a != nil {
		return a.Key
	}
	return strings.Clone(key) // or a view would keep the payload alive
}
