package faults

import (
	"fmt"
	"sync"
	"time"
)

// A ledger is what a [Record] is, for millions of publishes: it keeps of each no
// more than what the plan does not tell. It is safe for concurrent use.
type ledger struct {
	plan
	began time.Time

	mu       sync.Mutex
	lines    []line
	byID     map[string]int
	inFlight int
	tally    Tally
	repeated int // publishes sent again after they were acknowledged
	retried  int // sent again because no answer had come
	held     [classes]int
	judged   int     // updates that readings have seen
	faults   []Fault // of answers
}

// A line is one publish, from when it was first sent to its last answer. Times
// are since the ledger began.
type line struct {
	id           string // as acknowledged, or as seen
	began, ended time.Duration
	position     uint64 // in the original history; 0: not known
	outcome      Outcome
}

func newLedger(p plan, expected int) *ledger {
	return &ledger{plan: p, began: time.Now(), lines: make([]line, 0, expected), byID: make(map[string]int, expected)}
}

func (l *ledger) now() time.Duration { return time.Since(l.began) }

// begin returns the number of the next update.
func (l *ledger) begin() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line{began: l.now()})
	l.inFlight++
	return len(l.lines) - 1
}

// end notes how a publish ended.
func (l *ledger) end(n int, a Attempt) {
	u := l.update(n)
	l.mu.Lock()
	defer l.mu.Unlock()
	e := &l.lines[n]
	e.outcome, e.ended = a.Outcome, l.now()
	l.inFlight--
	switch a.Outcome {
	case Acknowledged:
		l.name(n, a.ID)
		if u.id != "" && a.ID != u.id {
			l.fault(Misidentified, "%s brought the id %s and was acknowledged as %s", u.key, u.id, a.ID)
		}
		l.tally.Acknowledged++
		size, _ := sizeOf(u.key)
		l.tally.Bytes += int64(size)
		l.held[u.class]++
	case Refused:
		l.tally.Refused++
	case Indeterminate:
		l.tally.Indeterminate++
	}
}

// repeat notes the answer to a publish sent again, which has to be that of the
// first.
func (l *ledger) repeat(n int, a Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.Outcome != Acknowledged {
		return // the hub went away; the first answer stands
	}
	l.repeated++
	if a.ID != l.lines[n].id {
		l.fault(Misidentified, "publish %d was acknowledged as %s, and as %s when it was repeated", n, l.lines[n].id, a.ID)
	}
}

func (l *ledger) retry() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retried++
}

// name gives a publish its id. Called with mu held.
func (l *ledger) name(n int, id string) {
	l.lines[n].id = id
	if other, taken := l.byID[id]; taken && other != n {
		l.fault(Misidentified, "%s stands for the publishes %d and %d", id, other, n)
	}
	l.byID[id] = n
}

func (l *ledger) fault(k Kind, format string, args ...any) {
	l.faults = append(l.faults, newFault(k, format, args...))
}

// count returns how many updates of a class were acknowledged, and how many of
// all classes are on their way.
func (l *ledger) count(c class) (held, inFlight int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held[c], l.inFlight
}

func (l *ledger) total() Tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tally
}

// progress says how far publishing and judging are.
func (l *ledger) progress() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%v; %d read", l.tally, l.judged)
}

// find returns the newest publish that holds, with its number, of those that
// began after a time.
func (l *ledger) find(after time.Duration, holds func(n int, e *line) bool) (id string, n int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := len(l.lines) - 1; n >= 0 && l.lines[n].began > after; n-- {
		if e := &l.lines[n]; e.outcome == Acknowledged && holds(n, e) {
			return e.id, n, true
		}
	}
	return "", 0, false
}
