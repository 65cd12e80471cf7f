package faults

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"
)

// A verification that passes a wrong hub proves nothing: what the judge finds
// in a view it has to find in a round, too.
func TestVerification(t *testing.T) {
	for d, want := range map[defect]Kind{
		none:          "",
		losesOne:      Missing,
		duplicatesOne: Duplicated,
		leaksPrivate:  Leaked,
		forgetsCursor: CursorLost,
	} {
		t.Run(string(d), func(t *testing.T) {
			t.Parallel()
			url := serveFake(t, d)
			v := Verification{
				Levers:      GivenHub(url, "", ""),
				Credentials: Credentials{PublisherKey: testKey, SubscriberKey: testKey},
				Generations: []Generation{Legacy}, Anonymous: true, Alone: true,
				Publishers: 4, Patience: 30 * time.Second,
				Without: []Check{Kills, Turns, Disk, New},
			}
			report, err := v.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if want == "" {
				if err := report.Err(); err != nil {
					t.Errorf("a correct hub is accused: %v: %v", err, report.First)
				}
				if report.Rounds != 1 || report.Reread != report.Acknowledged-1 {
					t.Errorf("%d rounds, %d events read again; want 1, and all of the %d acknowledged but the first",
						report.Rounds, report.Reread, report.Acknowledged)
				}
				return
			}
			if report.Faults[want] == 0 {
				t.Errorf("a hub that %s is not found to have %q; found: %v", d, want, report.Faults)
			}
		})
	}
}

// A run that risked nothing or left something out must not pass.
func TestReportErr(t *testing.T) {
	passing := Report{
		Rounds: 1, Tally: Tally{Acknowledged: 9}, InFlight: []int{3}, InsideCommit: 1, Turns: 1, StalledBytes: 1, FullDisks: 1, Reread: 8,
	}
	for name, c := range map[string]struct {
		change func(*Report)
		want   string // "" to pass
	}{
		"nothing wrong":    {func(*Report) {}, ""},
		"a fault":          {func(p *Report) { p.find(Fault{Leaked, "x"}) }, "leaked: 1"},
		"no kill":          {func(p *Report) { p.InFlight = nil }, "never killed"},
		"a kill at rest":   {func(p *Report) { p.InFlight = []int{4, 0} }, "in flight"},
		"no resume inside": {func(p *Report) { p.InsideCommit = 0 }, "inside a commit"},
		"no turn":          {func(p *Report) { p.Turns = 0 }, "catching up"},
		"no stalled byte":  {func(p *Report) { p.StalledBytes = 0 }, "stalled"},
		"no full disk":     {func(p *Report) { p.FullDisks = 0 }, "never full"},
		"no archive":       {func(p *Report) { p.Reread = 0 }, "read again"},
		"left out":         {func(p *Report) { p.Unchecked = []Unchecked{{Disk, "cannot", false}} }, "disk not checked"},
		"left out, wanted": {func(p *Report) { p.FullDisks, p.Unchecked = 0, []Unchecked{{Disk, "not asked for", true}} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := passing
			c.change(&p)
			err := p.Err()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("Err() = %v, want %q", err, c.want)
			}
		})
	}
}

// What was judged is forgotten, but for what may still come.
func TestForget(t *testing.T) {
	r := NewRecord()
	end := func(key string, a Attempt) {
		r.begin(key, Update{Topic: "t"})
		r.end(key, a)
	}
	end("p/1/50", Attempt{Outcome: Acknowledged, ID: "1"})
	end("p/2/50", Attempt{Outcome: Refused})
	end("p/3/50", Attempt{Problem: "timeout"}) // stored meanwhile
	end("p/4/50", Attempt{Problem: "timeout"}) // may be stored yet
	end("p/5/50", Attempt{Outcome: Unsent})
	before := r.Tally()
	r.Forget(View{Sightings: []Sighting{{ID: "1", Key: "p/1/50"}, {ID: "3", Key: "p/3/50"}}})
	left := r.Attempts()
	if len(left) != 1 || left[0].Key != "p/4/50" {
		t.Errorf("left are %v, want p/4/50 alone", left)
	}
	if r.Tally() != before || before != (Tally{Acknowledged: 1, Refused: 1, Indeterminate: 2, Bytes: 50}) {
		t.Errorf("the tally is %v and was %v before; want it complete and unchanged", r.Tally(), before)
	}
	all := Subscription{Name: "s", Topics: []string{"*"}, From: Earliest}
	late := r.Judge(View{Subscription: all, Sightings: []Sighting{{ID: "4", Key: "p/4/50", Intact: true}}})
	if late.Err() != nil || late.Settled != 1 {
		t.Errorf("a straggler in the next round: %v, settled %d; want it settled", late.Err(), late.Settled)
	}
	again := r.Judge(View{Subscription: all, Sightings: []Sighting{{ID: "1", Key: "p/1/50", Intact: true}}})
	if !has(again.Faults, Invented) {
		t.Errorf("an update of a round before comes again: %v, want it found", again.Faults)
	}
}

// An archive finds what changed in the history after it was judged.
func TestArchive(t *testing.T) {
	url := serveFake(t, none)
	target := func() string { return url }
	all := Subscription{Name: "s", Topics: []string{"*"}, Granted: []string{"*"}, Token: everything}
	record := NewRecord()
	p := record.Publisher("p", everything)
	defer p.Close()
	var ids []string
	for range 10 {
		ids = append(ids, p.Publish(t.Context(), url, Update{Topic: "t", Size: 60}).ID)
	}
	read := func(after, through string) View {
		s := all
		s.From, s.Through = after, through
		f := record.Follow(target, s)
		defer f.Stop()
		if err := patiently(t.Context(), 30*time.Second, f.Finish); err != nil {
			t.Fatal(err)
		}
		return f.View()
	}
	for name, c := range map[string]struct {
		change func(View) View
		want   bool // a fault
	}{
		"as it was":    {func(v View) View { return v }, false},
		"one less":     {func(v View) View { v.Sightings = slices.Delete(v.Sightings, 1, 2); return v }, true},
		"another id":   {func(v View) View { v.Sightings[1].ID = "x"; return v }, true},
		"another text": {func(v View) View { v.Sightings[1].Key = "x"; return v }, true},
		"swapped": {func(v View) View {
			v.Sightings[1], v.Sightings[2] = v.Sightings[2], v.Sightings[1]
			return v
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var a archive
			a.add(read(ids[0], ids[4]))
			a.add(c.change(read(ids[4], ids[9])))
			events, found, err := a.reread(t.Context(), target, 30*time.Second, all)
			if err != nil {
				t.Fatal(err)
			}
			if (len(found) > 0) != c.want || !c.want && events != 9 {
				t.Errorf("%d events, faults %v; want a fault: %t", events, found, c.want)
			}
		})
	}
}

// Tokens of both generations say what they are.
func TestTokenGenerations(t *testing.T) {
	c := Credentials{PublisherKey: testKey, SubscriberKey: testKey, Issuer: "https://issuer.example", Audience: "https://hub.example/h"}
	for g, want := range map[Generation][]string{
		Legacy:  {`"typ":"JWT"`, `"mercure":{"subscribe":["a"]}`},
		Current: {`"typ":"at+jwt"`, `"iss":"https://issuer.example"`, `"aud":"https://hub.example/h"`, `"actions":["subscribe"]`, `"match":"a"`},
	} {
		t.Run(g.String(), func(t *testing.T) {
			parts := strings.Split(c.MaySubscribe(g, "a"), ".")
			if len(parts) != 3 {
				t.Fatalf("a token of %d parts, want 3", len(parts))
			}
			text := decoded(t, parts[0]) + decoded(t, parts[1])
			for _, w := range want {
				if !strings.Contains(text, w) {
					t.Errorf("the token says %s, want %s in it", text, w)
				}
			}
		})
	}
}

func decoded(t *testing.T, part string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
