package faults

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const testKey = "a key of the tests, long enough for HS256"

// everything is a token that grants every topic.
var everything = Token(testKey, Grants{Publish: []string{"*"}, Subscribe: []string{"*"}})

// A judge that finds nothing wrong with a wrong hub proves nothing: each
// defect has to be called by its name, and a correct hub has to be cleared.
func TestJudge(t *testing.T) {
	for d, want := range map[defect][]Kind{
		none:              nil,
		losesOne:          {Missing},
		losesOneStored:    {Missing},
		duplicatesOne:     {Duplicated},
		storesTwice:       {Duplicated},
		reordersTwo:       {Reordered},
		leaksPrivate:      {Leaked},
		ignoresTopics:     {Leaked},
		reusesID:          {Misidentified},
		renames:           {Misidentified},
		damages:           {Invented},
		dispatchesRefused: {Invented},
		forgetsCursor:     {CursorLost, Reordered},
		skipsAfterCursor:  {Missing},
		sendsNoID:         {Broken},
		answers204:        {Broken, Missing},
	} {
		t.Run(string(d), func(t *testing.T) {
			t.Parallel()
			faults := judgeFake(t, d)
			if len(want) == 0 && len(faults) > 0 {
				t.Errorf("a correct hub is accused: %v", faults)
			}
			for _, k := range want {
				if !has(faults, k) {
					t.Errorf("a hub that %s is not found to have %q; found: %v", d, k, faults)
				}
			}
		})
	}
}

func has(faults []Fault, k Kind) bool {
	return slices.ContainsFunc(faults, func(f Fault) bool { return f.Kind == k })
}

// judgeFake publishes 20 updates to a fake hub under the eyes of four
// followers and returns all faults found.
func judgeFake(t *testing.T, d defect) (faults []Fault) {
	url := serveFake(t, d)
	target := func() string { return url }
	record := NewRecord()
	p := record.Publisher("p", everything)
	defer p.Close()

	granted := []string{"*"}
	followers := []*Follower{
		record.Follow(target, Subscription{Name: "history", Topics: []string{"*"}, Token: everything, Granted: granted, From: Earliest}),
		record.Follow(target, Subscription{Name: "witness", Topics: []string{"*"}, Token: everything, Granted: granted}),
		record.Follow(target, Subscription{Name: "stranger", Topics: []string{"*"}}),
		record.Follow(target, Subscription{Name: "one topic", Topics: []string{"t0", "end"}, Token: everything, Granted: granted}),
	}
	patience := 10 * time.Second
	if d == answers204 || d == sendsNoID {
		patience = time.Second // the last event will never come
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, f := range followers {
		if d == answers204 {
			break
		}
		if err := f.Open(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var middle string
	for n := range 20 {
		a := p.Publish(t.Context(), url, Update{Topic: fmt.Sprintf("t%d", n%3), Private: n%2 == 0, Size: 120})
		if n == 8 {
			middle = a.ID
		}
	}
	p.Publish(t.Context(), url, Update{Topic: "refused"})
	resumed := record.Follow(target, Subscription{Name: "resumed", Topics: []string{"*"}, Token: everything, Granted: granted, From: middle})
	end := p.Publish(t.Context(), url, Update{Topic: "end"})
	var history View
	for i, f := range append(followers, resumed) {
		if err := f.Await(ctx, end.Key); err != nil && d == none {
			t.Error(err)
		}
		v := f.Stop()
		if i == 0 {
			history = v
		}
		faults = append(faults, record.Judge(v).Faults...)
		faults = append(faults, record.Agree(history, v)...)
	}
	return faults
}

// Agreement with the history finds what acknowledgements alone cannot: an
// update nobody was promised, shown to one subscriber and not kept.
func TestAgreeFindsVanished(t *testing.T) {
	all := Subscription{Name: "s", Topics: []string{"*"}, Granted: []string{"*"}, From: Earliest}
	record := NewRecord()
	record.begin("p/1/50", Update{Topic: "t"})
	record.begin("p/2/50", Update{Topic: "t"})
	one, two := Sighting{ID: "1", Key: "p/1/50", Intact: true}, Sighting{ID: "2", Key: "p/2/50", Intact: true}
	for name, c := range map[string]struct {
		history, view []Sighting
		want          Kind
	}{
		"equal":         {[]Sighting{one, two}, []Sighting{one, two}, ""},
		"vanished":      {[]Sighting{one}, []Sighting{one, two}, Missing},
		"not shown":     {[]Sighting{one, two}, []Sighting{one}, Missing},
		"another order": {[]Sighting{one, two}, []Sighting{two, one}, Reordered},
	} {
		t.Run(name, func(t *testing.T) {
			got := record.Agree(View{Subscription: all, Sightings: c.history}, View{Subscription: all, Sightings: c.view})
			if c.want == "" && len(got) == 0 {
				return
			}
			if len(got) != 1 || got[0].Kind != c.want {
				t.Errorf("found %v, want one fault %q", got, c.want)
			}
		})
	}
}

// A publish without an answer may be in a view or not, but only once.
func TestIndeterminateAtMostOnce(t *testing.T) {
	all := Subscription{Name: "s", Topics: []string{"*"}, Granted: []string{"*"}, From: Earliest}
	record := NewRecord()
	record.begin("p/1/50", Update{Topic: "t"})
	record.end("p/1/50", Attempt{Problem: "connection reset"})
	once := Sighting{ID: "1", Key: "p/1/50", Intact: true}
	for times, wantSettled := range []int{0, 1, 1} {
		v := record.Judge(View{Subscription: all, Sightings: slices.Repeat([]Sighting{once}, times)})
		if v.Settled != wantSettled || has(v.Faults, Missing) || has(v.Faults, Duplicated) != (times > 1) {
			t.Errorf("shown %d times: settled %d (want %d), faults %v", times, v.Settled, wantSettled, v.Faults)
		}
	}
}

func TestEventReader(t *testing.T) {
	for name, c := range map[string]struct {
		stream string
		want   []Event
		err    string // of the end; "" for EOF
	}{
		"LF":                     {"id: 1\ndata: a\n\n", []Event{{ID: "1", Data: "a"}}, ""},
		"CRLF":                   {"id: 1\r\ndata: a\r\n\r\n", []Event{{ID: "1", Data: "a"}}, ""},
		"CR":                     {"id: 1\rdata: a\r\r", []Event{{ID: "1", Data: "a"}}, ""},
		"byte order mark":        {"\ufeffid: 1\ndata: a\n\n", []Event{{ID: "1", Data: "a"}}, ""},
		"lines of data":          {"data: a\nid: 1\ndata:\ndata:  b\n\n", []Event{{ID: "1", Data: "a\n\n b"}}, ""},
		"empty data":             {"id: 1\ndata\n\n", []Event{{ID: "1"}}, ""},
		"type":                   {"id: 1\nevent: t\ndata: a\n\n", []Event{{ID: "1", Type: "t", Data: "a"}}, ""},
		"retry and comments":     {"retry: 3\n\n: x\n\n:\nid: 1\ndata: a\n\n", []Event{{ID: "1", Data: "a"}}, ""},
		"unterminated, dropped":  {"id: 1\ndata: a\n\nid: 2\ndata: b\n", []Event{{ID: "1", Data: "a"}}, ""},
		"no id":                  {"data: a\n\n", nil, "SSE-id"},
		"no data":                {"id: 1\n\n", nil, "SSE-data-empty"},
		"NUL in id":              {"id: \x00\ndata: a\n\n", nil, "SSE-sub-id-null"},
		"retry of letters":       {"retry: soon\n\n", nil, "SSE-retry-field"},
		"unknown field":          {"1f\r\n", nil, "SSE-format"},
		"bytes that are no text": {"id: 1\ndata: \xff\n\n", nil, "SSE-utf8"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newEventReader(strings.NewReader(c.stream))
			var got []Event
			e, err := r.next()
			for ; err == nil; e, err = r.next() {
				got = append(got, e)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("read %q, want %q", got, c.want)
			}
			if c.err == "" && err.Error() != "EOF" || !strings.Contains(err.Error(), c.err) {
				t.Errorf("ended with %v, want %q", err, c.err)
			}
		})
	}
}

func TestPayload(t *testing.T) {
	for _, size := range []int{0, 1, 30, 1000} {
		key := payloadKey("nonce-p", 17, size)
		data := payload(key)
		if len(data) < size {
			t.Errorf("payload of %d bytes, want %d", len(data), size)
		}
		if got, intact := readPayload(data); got != key || !intact {
			t.Errorf("readPayload(%q) = %q, %t", data, got, intact)
		}
		if _, intact := readPayload(data[:len(data)-1]); intact {
			t.Errorf("%q lacks its end and passes", data[:len(data)-1])
		}
		if _, intact := readPayload(data[:len(data)-1] + "~"); intact {
			t.Errorf("%q has a wrong end and passes", data)
		}
	}
}
