package faults

import (
	"crypto/rand"
	"fmt"
	"sync"
	"time"
)

// An Outcome is what a publisher knows about a publish.
type Outcome uint8

const (
	Indeterminate Outcome = iota // no answer, or one that promises nothing: it may be stored
	Acknowledged                 // 200 with an id: it is stored
	Refused                      // a 4xx: it is not stored
)

// An Attempt is one publish. Times are since the record began.
type Attempt struct {
	Key    string // names it, in its own payload
	Update Update

	Outcome Outcome
	ID      string // as acknowledged
	Problem string // why it was not
	Began   time.Duration
	Ended   time.Duration // 0 while in flight
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
	stored   int64 // bytes of acknowledged payloads
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

// Attempts returns a copy of all attempts so far.
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
	Acknowledged, Indeterminate, Refused int
	Bytes                                int64 // payload bytes acknowledged
}

// Tally counts the attempts that have ended.
func (r *Record) Tally() Tally {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := Tally{Bytes: r.stored}
	for _, a := range r.attempts {
		switch {
		case a.Ended == 0:
		case a.Outcome == Acknowledged:
			t.Acknowledged++
		case a.Outcome == Refused:
			t.Refused++
		default:
			t.Indeterminate++
		}
	}
	return t
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

// end notes the answer of an attempt and returns a copy of it.
func (r *Record) end(key string, o Outcome, id, problem string) Attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.byKey[key]
	a.Outcome, a.ID, a.Problem, a.Ended = o, id, problem, r.Now()
	r.inFlight--
	if size, _ := sizeOf(key); o == Acknowledged {
		r.stored += int64(size)
	}
	return *a
}
