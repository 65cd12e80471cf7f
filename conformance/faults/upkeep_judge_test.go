package faults

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A shelf is a ledger of publishes that were made four at a time, and the history
// that came of them, trimmed by the rules.
type shelf struct {
	ledger *ledger
	stock
	whole []specimen // what the history held before it was trimmed
	kept  []specimen
}

// shelved publishes, and reads the whole history once unless positions are to
// stay unknown.
func shelved(t *testing.T, known bool) *shelf {
	t.Helper()
	const updates, refused = 240, 100
	l := newLedger(plan{nonce: "nonce", kept: [classes]int{ticks: 30, news: 10}}, updates)
	s := &shelf{ledger: l}
	for n := range updates {
		l.begin()
		u := l.update(n)
		l.inFlight--
		if n == refused {
			l.lines[n] = line{outcome: Refused}
			continue
		}
		id := u.id
		if id == "" {
			id = fmt.Sprintf("urn:uuid:%d", n)
		}
		began := time.Duration(n/4*10 + n%4)
		l.lines[n] = line{began: began, ended: began + 5, outcome: Acknowledged}
		l.name(n, id)
		s.whole = append(s.whole, specimen{id: id, data: payload(u.key), position: uint64(n + 1), topics: u.topics, private: u.private})
	}
	if known {
		all := l.read(stock{due: 1e6, last: 1e6})
		if all.judge(s.whole); len(all.faults) > 0 {
			t.Fatalf("the whole history is accused: %v", all.faults)
		}
	}
	s.stock = stock{name: "shelf", due: 1e6, last: 1e6, kept: l.kept}
	left := l.kept
	for _, x := range slices.Backward(s.whole) {
		n, _ := l.number(strings.Fields(x.data)[0])
		c := l.update(n).class
		if left[c]--; c == orders || left[c] >= 0 {
			s.kept = append(s.kept, x)
		}
	}
	slices.Reverse(s.kept)
	return s
}

func (r *reading) judge(all []specimen) {
	for _, x := range all {
		r.see(x)
	}
	r.end()
}

// asShown is what a subscriber is given of them: no positions.
func asShown(all []specimen) []specimen {
	shown := make([]specimen, len(all))
	for i, x := range all {
		shown[i] = specimen{id: x.id, data: x.data}
	}
	return shown
}

// Wherever one update is taken out, put in twice or swapped with the next, the
// judge finds it, in an export and in a stream.
func TestUpkeepJudgeFindsEveryPlace(t *testing.T) {
	for _, form := range []struct {
		name string
		of   func([]specimen) []specimen
	}{{"export", slices.Clone[[]specimen]}, {"stream", asShown}} {
		for name, c := range map[string]struct {
			change func(all []specimen, i int) []specimen
			want   Kind
		}{
			"dropped":          {func(all []specimen, i int) []specimen { return slices.Delete(all, i, i+1) }, Missing},
			"repeated":         {func(all []specimen, i int) []specimen { return slices.Insert(all, i, all[i]) }, Duplicated},
			"repeated at last": {func(all []specimen, i int) []specimen { return append(all, all[i]) }, Duplicated},
			"swapped": {func(all []specimen, i int) []specimen {
				if i+1 < len(all) {
					all[i], all[i+1] = all[i+1], all[i]
				} else {
					all[0], all[i] = all[i], all[0]
				}
				return all
			}, Reordered},
			"as it was": {func(all []specimen, i int) []specimen { return all }, ""},
		} {
			t.Run(form.name+" "+name, func(t *testing.T) {
				s := shelved(t, true)
				for i := range s.kept {
					r := s.ledger.read(s.stock)
					r.judge(c.change(form.of(s.kept), i))
					if c.want == "" && len(r.faults) > 0 {
						t.Fatalf("what is right is accused: %v", r.faults)
					}
					if c.want != "" && r.counts[c.want] == 0 {
						t.Errorf("update %d of %d: found is %v, want %s", i, len(s.kept), r.counts, c.want)
					}
				}
			})
		}
	}
}

// What else can be wrong with a history.
func TestUpkeepJudge(t *testing.T) {
	at := func(s *shelf, holds func(u planned) bool) int {
		return slices.IndexFunc(s.kept, func(x specimen) bool {
			n, _ := s.ledger.number(strings.Fields(x.data)[0])
			return holds(s.ledger.update(n))
		})
	}
	private := func(u planned) bool { return u.private }
	order := func(u planned) bool { return u.class == orders }
	for name, c := range map[string]struct {
		change func(s *shelf)
		want   Kind
	}{
		"another id":        {func(s *shelf) { s.kept[5].id = "urn:x" }, Misidentified},
		"an id of another":  {func(s *shelf) { s.kept[5].id = s.kept[6].id }, Misidentified},
		"a payload cut":     {func(s *shelf) { s.kept[5].data = s.kept[5].data[:90] }, Invented},
		"somebody else's":   {func(s *shelf) { s.kept[5].data = "hello" }, Invented},
		"of another record": {func(s *shelf) { s.kept[5].data = payload(payloadKey("other", 5, 100)) }, Invented},
		"other topics":      {func(s *shelf) { s.kept[5].topics = []string{planBase + "orders/x"} }, Invented},
		"made public":       {func(s *shelf) { s.kept[at(s, private)].private = false }, Invented},
		"with a type":       {func(s *shelf) { s.kept[5].other = "type" }, Invented},
		"refused": {func(s *shelf) {
			u := s.ledger.update(100)
			s.kept = append(s.kept, specimen{data: payload(u.key), position: 1000, topics: u.topics, private: u.private})
		}, Invented},
		"from the future": {func(s *shelf) { s.last = s.ledger.lines[len(s.ledger.lines)-1].began - 1 }, Invented},
		"another place":   {func(s *shelf) { s.kept[len(s.kept)-1].position++ }, Reordered},
		"a tick too many": {func(s *shelf) {
			for i, x := range s.whole {
				if n, _ := s.ledger.number(strings.Fields(x.data)[0]); s.ledger.update(n).class == ticks {
					s.kept = slices.Insert(s.kept, at(s, order), s.whole[i])
					break
				}
			}
		}, Overstayed},
		"private to anybody": {func(s *shelf) { s.public = true }, Leaked},
		"all ticks gone": {func(s *shelf) {
			s.kept = slices.DeleteFunc(s.kept, func(x specimen) bool {
				n, _ := s.ledger.number(strings.Fields(x.data)[0])
				return s.ledger.update(n).class == ticks
			})
		}, Missing},
		"nothing":    {func(s *shelf) { s.kept = nil }, Missing},
		"not due":    {func(s *shelf) { s.due, s.kept = 0, nil }, ""},
		"at a place": {func(s *shelf) { s.due, s.through, s.kept = 0, 20, nil }, Missing},
	} {
		t.Run(name, func(t *testing.T) {
			s := shelved(t, true)
			c.change(s)
			r := s.ledger.read(s.stock)
			r.judge(s.kept)
			if c.want == "" && len(r.faults) > 0 || c.want != "" && r.counts[c.want] == 0 {
				t.Errorf("found is %v, want %q", r.counts, c.want)
			}
		})
	}
}

// The first reading knows no positions, and goes by times: what was published at
// the same time may stand in any order.
func TestUpkeepJudgeByTime(t *testing.T) {
	for distance, want := range map[int]bool{1: false, 2: false, 8: true, 40: true} {
		s := shelved(t, false)
		a, b := &s.whole[120], &s.whole[120+distance]
		*a, *b = *b, *a
		a.position, b.position = b.position, a.position
		r := s.ledger.read(stock{due: 1e6, last: 1e6})
		r.judge(s.whole)
		if found := r.counts[Reordered] > 0; found != want {
			t.Errorf("swapped with the one %d behind: found %v, want a fault: %t", distance, r.counts, want)
		}
	}
}

// A publish without an answer may be there, once and always under one id.
func TestUpkeepJudgeSettles(t *testing.T) {
	s := shelved(t, true)
	n := slices.IndexFunc(s.ledger.lines, func(e line) bool { return e.position > 200 })
	s.ledger.lines[n].outcome, s.ledger.lines[n].id = Indeterminate, ""
	whole := stock{due: 1e6, last: 1e6}
	r := s.ledger.read(whole)
	if r.judge(s.whole); len(r.faults) > 0 || r.settled != 1 {
		t.Errorf("with it: found is %v, settled %d", r.faults, r.settled)
	}
	without := slices.DeleteFunc(slices.Clone(s.whole), func(x specimen) bool { return x.position == s.ledger.lines[n].position })
	r = s.ledger.read(whole)
	if r.judge(without); len(r.faults) > 0 || r.settled != 0 {
		t.Errorf("without it: found is %v, settled %d", r.faults, r.settled)
	}
	other := slices.Clone(s.whole)
	other[s.ledger.lines[n].position-2].id = "urn:other" // one was refused
	r = s.ledger.read(whole)
	if r.judge(other); r.counts[Misidentified] == 0 {
		t.Error("another id the second time is not found")
	}
}

func TestUpkeepPlan(t *testing.T) {
	p := plan{nonce: "nonce"}
	var of [classes]int
	private, brought, once, again, both := 0, 0, 0, 0, 0
	for n := range 10_000 {
		u := p.update(n)
		if got, ok := p.number(u.key); !ok || got != n {
			t.Fatalf("the key of update %d is that of %d, %t", n, got, ok)
		}
		of[u.class]++
		for c, counts := range map[*int]bool{&private: u.private, &brought: u.id != "", &once: u.once != "", &again: u.again, &both: u.about(orders) && u.about(ticks)} {
			if counts {
				*c++
			}
		}
		if u.again && u.once == "" {
			t.Errorf("update %d is sent twice, without a key", n)
		}
	}
	for what, n := range map[string]int{"news": of[news], "orders": of[orders], "ticks": of[ticks], "private": private,
		"ids": brought, "keys": once, "sent twice": again, "orders that are ticks": both} {
		if n < 200 || n > 8000 {
			t.Errorf("of 10,000 updates %d are %s: want some, and not all", n, what)
		}
	}
	for _, key := range []string{"", "nonce", "nonce/", "nonce/1", "nonce/1/7", "nonce/-1/200", "other/1/200", "nonce/01/200"} {
		if n, ok := p.number(key); ok {
			t.Errorf("%q is taken for update %d", key, n)
		}
	}
}

func TestGapOf(t *testing.T) {
	for text, want := range map[string]string{
		"retry: 1\n\n:\n\nevent: cinnabar.gap\ndata: {\"from\":\"a\",\"reason\":\"not_kept\"}\n\n": "not_kept",
		"id: 1\ndata: x\n\nevent: cinnabar.gap\ndata: {\"reason\":\"trimmed\"}\n\n":                "",
		"event: other\ndata: {\"reason\":\"trimmed\"}\n\n":                                         "",
	} {
		if got, err := gapOf(strings.NewReader(text)); err != nil || got != want {
			t.Errorf("%q begins with a gap for %q (%v), want %q", text, got, err, want)
		}
	}
	if _, err := gapOf(strings.NewReader(":\n\n")); err == nil {
		t.Error("a stream that ends before an event has no gap, want an error")
	}
}

// A run that put nothing at risk must not pass.
func TestUpkeepReportErr(t *testing.T) {
	passing := func() UpkeepReport {
		p := UpkeepReport{Repeated: 1, Before: stat{Entries: 9}, After: stat{Entries: 4},
			Kills: []UpkeepKill{{"compact", 1}, {"backup", 2}}, phases: make(map[string]*samples)}
		for _, name := range upkeepHistories {
			p.history(name).Updates = 3
		}
		for _, name := range upkeepQuestions {
			p.history(name).Checks = 3
		}
		for _, name := range upkeepPhases {
			p.phases[name] = &samples{times: []time.Duration{1}}
		}
		return p
	}
	for name, c := range map[string]struct {
		change func(*UpkeepReport)
		want   string // "" to pass
	}{
		"nothing wrong":   {func(*UpkeepReport) {}, ""},
		"a fault":         {func(p *UpkeepReport) { p.note("restored", []Fault{{Missing, "x"}}) }, "restored: missing: 1"},
		"of answers":      {func(p *UpkeepReport) { p.note("answers", []Fault{{Misidentified, "x"}}) }, "answers: misidentified: 1"},
		"overstayed":      {func(p *UpkeepReport) { p.note("restored", []Fault{{Overstayed, "x"}}) }, "overstayed"},
		"nothing read":    {func(p *UpkeepReport) { p.history("imported").Updates = 0 }, "imported: no update"},
		"nothing asked":   {func(p *UpkeepReport) { p.history("restored, epoch").Checks = 0 }, "nothing was asked"},
		"no kill":         {func(p *UpkeepReport) { p.Kills = p.Kills[:1] }, "not killed in a backup"},
		"a kill at rest":  {func(p *UpkeepReport) { p.Kills[0].InFlight = 0 }, "not killed in a compact"},
		"no samples":      {func(p *UpkeepReport) { delete(p.phases, "backup") }, "backup: no publish"},
		"none repeated":   {func(p *UpkeepReport) { p.Repeated = 0 }, "repeated"},
		"nothing trimmed": {func(p *UpkeepReport) { p.After = p.Before }, "trimmed"},
	} {
		t.Run(name, func(t *testing.T) {
			p := passing()
			c.change(&p)
			err := p.Err()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("Err() = %v, want %q", err, c.want)
			}
		})
	}
}
