package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Unchecked is a check that was not made.
type Unchecked struct {
	Check  Check  `json:"check"`
	Why    string `json:"why"`
	Wanted bool   `json:"wanted"` // so, by whoever runs it: no failure
}

// A Report is what a verification found.
type Report struct {
	Took   time.Duration
	Rounds int
	Tally
	Settled   int // indeterminate publishes that the history holds
	Views     int // subscribers judged
	Delivered int // events they were shown

	InFlight []int         // publishes that waited for their answer, at each kill
	Recovery time.Duration // longest time from start to ready

	Resumes      int   // streams opened with a cursor
	InsideCommit int   // of those, with an acknowledged id while other publishes waited for their commit
	Turns        int   // live → catching up → live, while subscribers stalled
	StalledBytes int64 // payload acknowledged and unread when they read on

	FullDisks int           // times that writing failed and worked again
	Healing   time.Duration // longest time from room on the disk to an acknowledgement

	Memory    int64 // most heap that the judge itself used at the end of a round
	Reread    int   // events of earlier rounds, read again at the end
	Faults    map[Kind]int
	First     []Fault // the first few
	Unchecked []Unchecked
}

// find notes faults.
func (p *Report) find(faults ...Fault) {
	const kept = 20
	for _, f := range faults {
		if p.Faults == nil {
			p.Faults = make(map[Kind]int)
		}
		p.Faults[f.Kind]++
		if len(p.First) < kept {
			p.First = append(p.First, f)
		}
	}
}

// add notes what was found in a round, whose followers begin with a reader of
// its history.
func (p *Report) add(record *Record, found Findings, followers []*Follower) {
	for _, v := range found.Verdicts {
		p.Views++
		p.Delivered += v.Delivered
		for _, f := range v.Faults {
			p.find(Fault{f.Kind, v.View + ": " + f.Detail})
		}
	}
	p.Settled += found.Verdicts[0].Settled
	p.find(found.Disagreeing...)
	acknowledged := make(map[string]bool)
	for _, a := range record.Attempts() {
		if a.Outcome == Acknowledged {
			acknowledged[a.ID] = true
		} else if a.Status != 0 && !a.unavailable() {
			p.find(Fault{Broken, fmt.Sprintf("%s was answered %s (Retry-After: %q)", a.Key, a.Problem, a.Retry)})
		}
	}
	for _, f := range followers {
		for _, c := range f.View().Connections {
			if c.Asked == "" {
				continue
			}
			p.Resumes++
			if c.InFlight > 0 && acknowledged[c.Asked] {
				p.InsideCommit++
			}
		}
	}
}

// did tells whether a check was made.
func (p *Report) did(c Check) bool {
	return !slices.ContainsFunc(p.Unchecked, func(u Unchecked) bool { return u.Check == c })
}

// Err joins what is wrong: faults, what could not be checked, and what was not
// put at risk, for a run that risks nothing proves nothing.
func (p *Report) Err() error {
	var all []error
	fail := func(when bool, format string, args ...any) {
		if when {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	for _, k := range Kinds() {
		fail(p.Faults[k] > 0, "%s: %d", k, p.Faults[k])
	}
	for _, u := range p.Unchecked {
		fail(!u.Wanted, "%s not checked: %s", u.Check, u.Why)
	}
	if len(p.Faults) == 0 {
		fail(p.Rounds == 0, "no round was finished")
		fail(p.Acknowledged == 0, "nothing was acknowledged")
		fail(p.did(Kills) && len(p.InFlight) == 0, "the hub was never killed")
		fail(slices.Contains(p.InFlight, 0), "no publish was in flight at a kill")
		fail(p.InsideCommit == 0, "no resume fell inside a commit")
		fail(p.did(Turns) && p.Turns == 0, "no stalled subscriber went live → catching up → live")
		fail(p.StalledBytes == 0, "no byte was stalled")
		fail(p.did(Disk) && p.FullDisks == 0, "the disk was never full")
		fail(p.Reread == 0, "nothing was read again")
	}
	return errors.Join(all...)
}

// WriteTable writes the report for people.
func (p *Report) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(t, "%s\t"+format+"\n", append([]any{name}, args...)...)
	}
	for _, k := range Kinds() {
		row(string(k), "%d", p.Faults[k])
	}
	row("took", "%v, %d rounds", p.Took.Round(time.Second), p.Rounds)
	row("acknowledged", "%d publishes, %.1f MB", p.Acknowledged, float64(p.Bytes)/1e6)
	row("indeterminate", "%d, %d of them answered 503; %d are in the history", p.Indeterminate, p.Unavailable, p.Settled)
	row("delivered", "%d events to %d subscribers", p.Delivered, p.Views)
	if p.did(Kills) {
		row("kills", "%d; publishes in flight at each: %s; ready again within %v", len(p.InFlight), numbers(p.InFlight), p.Recovery.Round(time.Millisecond))
	}
	row("resumes", "%d, %d of them inside a commit", p.Resumes, p.InsideCommit)
	if p.did(Turns) {
		row("turns", "%d live → catching up → live", p.Turns)
	}
	row("stalled", "%d bytes", p.StalledBytes)
	if p.did(Disk) {
		row("full disks", "%d; publishing again within %v of room", p.FullDisks, p.Healing.Round(time.Millisecond))
	}
	row("read again", "%d events", p.Reread)
	row("memory", "at most %.0f MB of heap in this program", float64(p.Memory)/1e6)
	for _, u := range p.Unchecked {
		row("NOT CHECKED", "%s: %s", u.Check, u.Why)
	}
	for _, f := range p.First {
		row("fault", "%s: %s", f.Kind, f.Detail)
	}
	return t.Flush()
}

// numbers writes them down, the last few of many.
func numbers(all []int) string {
	const shown = 30
	s := strings.Trim(fmt.Sprint(all[max(0, len(all)-shown):]), "[]")
	if len(all) > shown {
		return fmt.Sprintf("(at least %d) … %s", slices.Min(all), s)
	}
	return s
}

// MarshalJSON writes times in seconds and every kind of fault, those with zero
// included.
func (p *Report) MarshalJSON() ([]byte, error) {
	faults := make(map[Kind]int)
	for _, k := range Kinds() {
		faults[k] = p.Faults[k]
	}
	return json.Marshal(struct {
		Seconds float64 `json:"seconds"`
		Rounds  int     `json:"rounds"`
		Tally
		Settled      int          `json:"settled"`
		Views        int          `json:"subscribers"`
		Delivered    int          `json:"delivered"`
		InFlight     []int        `json:"in_flight_at_kills"`
		Recovery     float64      `json:"recovery_seconds"`
		Resumes      int          `json:"resumes"`
		InsideCommit int          `json:"resumes_inside_commit"`
		Turns        int          `json:"turns"`
		StalledBytes int64        `json:"stalled_bytes"`
		FullDisks    int          `json:"full_disks"`
		Healing      float64      `json:"healing_seconds"`
		Reread       int          `json:"read_again"`
		Memory       int64        `json:"heap_bytes"`
		Faults       map[Kind]int `json:"faults"`
		First        []Fault      `json:"first_faults"`
		Unchecked    []Unchecked  `json:"not_checked"`
	}{p.Took.Seconds(), p.Rounds, p.Tally, p.Settled, p.Views, p.Delivered, p.InFlight, p.Recovery.Seconds(),
		p.Resumes, p.InsideCommit, p.Turns, p.StalledBytes, p.FullDisks, p.Healing.Seconds(), p.Reread, p.Memory, faults, p.First, p.Unchecked})
}
