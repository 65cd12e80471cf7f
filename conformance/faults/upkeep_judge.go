package faults

import (
	"slices"
	"time"
)

// Overstayed is what only histories with rules can be found to have.
const Overstayed Kind = "overstayed" // there, though its rule keeps fewer

// upkeepKinds are what a history is judged for.
func upkeepKinds() []Kind { return append(Kinds(), Overstayed) }

// A stock is what a history has to hold, and may.
type stock struct {
	name string
	// due is when the last publish was acknowledged that has to be there, and
	// none that began after last may be.
	due, last time.Duration
	// through is the position up to which everything has to be there; 0 leaves
	// it to due.
	through uint64
	// kept is how many of each class are there, the newest; 0 for all.
	kept [classes]int
	// public says that it is shown without what is private.
	public bool
	// moved says that positions are not those of the original history.
	moved bool
}

// A specimen is one update as a history shows it.
type specimen struct {
	id, data string
	// Of an export alone; position 0 means that they are not known.
	position uint64
	topics   []string
	private  bool
	other    string // fields that no update of ours has
}

// A reading judges a history while it is read, in order, and keeps nothing of
// it but its order.
type reading struct {
	stock
	ledger *ledger

	order    []int32 // numbers, as they came
	seen     []bool
	class    [classes]int
	first    [classes]int // number of the first of a class, -1 before it
	highest  uint64       // position in this history
	original uint64       // position in the original one
	latest   int          // of those seen, the one that began last
	settled  int
	counted  int // of what is no update: cursors, answers
	faults   []Fault
	counts   map[Kind]int
}

func (l *ledger) read(s stock) *reading {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := &reading{stock: s, ledger: l, seen: make([]bool, len(l.lines)), latest: -1, counts: make(map[Kind]int)}
	r.first = [classes]int{-1, -1, -1}
	return r
}

// keptFaults is how many faults of a reading are told in full.
const keptFaults = 20

func (r *reading) fault(k Kind, format string, args ...any) {
	if r.counts[k]++; len(r.faults) < keptFaults {
		r.faults = append(r.faults, newFault(k, format, args...))
	}
}

// see judges the next update.
func (r *reading) see(s specimen) {
	key, intact := readPayload(s.data)
	n, ours := r.ledger.number(key)
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	r.ledger.judged++
	if !ours || n >= len(r.seen) {
		r.fault(Invented, "%.80q under %s was never published", key, s.id)
		return
	}
	u, e := r.ledger.update(n), &r.ledger.lines[n]
	switch {
	case !intact:
		r.fault(Invented, "the payload of %s is damaged", key)
	case s.position > 0 && (!slices.Equal(s.topics, u.topics) || s.private != u.private || s.other != ""):
		r.fault(Invented, "%s was published about %q, private: %t; here it is about %q, private: %t%s", key, u.topics, u.private, s.topics, s.private, s.other)
	case e.outcome == Refused || e.outcome == Unsent:
		r.fault(Invented, "%s was refused or never sent", key)
	case e.began > r.last:
		r.fault(Invented, "%s was published after this history ended", key)
	}
	if r.seen[n] {
		r.fault(Duplicated, "%s comes again as %s", key, s.id)
		return
	}
	r.seen[n] = true
	if r.public && u.private {
		r.fault(Leaked, "%s is private", key)
	}
	r.order = append(r.order, int32(n))
	if r.class[u.class]++; r.first[u.class] < 0 {
		r.first[u.class] = n
	}
	if e.outcome == Indeterminate {
		if r.settled++; e.id == "" {
			r.ledger.name(n, s.id)
		}
	}
	if e.id != s.id {
		r.fault(Misidentified, "%s was acknowledged as %s and comes as %s", key, e.id, s.id)
	}
	r.judgePlace(n, e, s.position)
}

// judgePlace holds the place of an update against every order that is known:
// positions of this history grow, it keeps the order of the original one, and
// nothing comes after what began after it was acknowledged.
func (r *reading) judgePlace(n int, e *line, position uint64) {
	if position > 0 {
		if position <= r.highest {
			r.fault(Reordered, "publish %d has position %d after position %d", n, position, r.highest)
		}
		r.highest = max(r.highest, position)
		if !r.moved {
			if e.position > 0 && e.position != position {
				r.fault(Reordered, "publish %d has position %d and had %d", n, position, e.position)
			}
			e.position = position
		}
	}
	if e.position > 0 {
		if e.position <= r.original {
			r.fault(Reordered, "publish %d comes after what was behind it", n)
		}
		r.original = max(r.original, e.position)
	}
	if r.latest >= 0 {
		if l := &r.ledger.lines[r.latest]; e.outcome == Acknowledged && e.ended < l.began {
			r.fault(Reordered, "publish %d comes after %d, which began %v after it was acknowledged", n, r.latest, l.began-e.ended)
		}
	}
	if r.latest < 0 || e.began > r.ledger.lines[r.latest].began {
		r.latest = n
	}
}

// end judges what is not there.
func (r *reading) end() {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	var published [classes]int // of what is due
	for n := range r.seen {
		e, u := &r.ledger.lines[n], r.ledger.update(n)
		if e.outcome != Acknowledged || !r.isDue(e) || r.public && u.private {
			continue
		}
		c := u.class
		published[c]++
		if !r.seen[n] && (r.kept[c] == 0 || r.isAfter(e, r.first[c])) {
			r.fault(Missing, "publish %d, of the %v, acknowledged as %s at %v", n, c, e.id, e.ended)
		}
	}
	for c := range classes {
		keeps := r.kept[c]
		if keeps == 0 || r.public {
			continue // what rules keep is private or not
		}
		if want := min(keeps, published[c]); r.class[c] < want {
			r.fault(Missing, "there are %d %v, and the rule keeps %d", r.class[c], c, want)
		}
		if r.class[c] > keeps {
			r.fault(Overstayed, "there are %d %v, and the rule keeps %d", r.class[c], c, keeps)
		}
	}
}

func (r *reading) isDue(e *line) bool {
	return e.ended < r.due || e.position > 0 && e.position <= r.through
}

// isAfter reports whether a publish is certainly behind another one. Nothing is
// behind -1.
func (r *reading) isAfter(e *line, first int) bool {
	if first < 0 {
		return false
	}
	f := &r.ledger.lines[first]
	if e.position > 0 && f.position > 0 {
		return e.position > f.position
	}
	return f.outcome == Acknowledged && e.began > f.ended
}

// after returns what of a reading is behind a position of the original history
// and about a class.
func (r *reading) after(position uint64, c class) (keys []string) {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	for _, n := range r.order {
		u := r.ledger.update(int(n))
		if r.ledger.lines[n].position > position && u.about(c) {
			keys = append(keys, u.key)
		}
	}
	return keys
}

// publicOrder returns the numbers of what was read and is not private.
func (r *reading) publicOrder() (numbers []int32) {
	for _, n := range r.order {
		if !r.ledger.update(int(n)).private {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// lastID returns the id of the last of some updates.
func (r *reading) lastID(numbers []int32) string {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	if len(numbers) == 0 {
		return ""
	}
	return r.ledger.lines[numbers[len(numbers)-1]].id
}

// holds reports whether a publish was read.
func (r *reading) holds(n int) bool { return n < len(r.seen) && r.seen[n] }
