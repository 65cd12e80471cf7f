package main

import (
	"net/url"
	"slices"
	"strings"
)

// Routes opens a stream with a raw query of the judged generation and asserts
// that of these topics, published in turn, exactly those in to reach it, each
// once and in order, and none of those in past.
func (t *T) Routes(query string, to, past []string) {
	sentinel := t.Topic("sentinel")
	s := t.Open(Request{Query: query + "&" + t.Topics(sentinel)})
	defer s.Close()
	s.Routes(query, sentinel, to, past)
}

// Routes makes the same assertion of an open stream, which sentinel reaches,
// too, and of updates that have more fields. Updates of other runs may come in
// between.
func (s *Stream) Routes(what, sentinel string, to, past []string, more ...string) {
	topics := make(map[string]string) // by the id of the update
	for _, topic := range slices.Concat(past, to) {
		topics[s.t.Publish(append([]string{"topic", topic}, more...)...)] = topic
	}
	var got []string
	for _, e := range s.Until(sentinel) {
		if topic, mine := topics[e.ID]; mine {
			got = append(got, topic)
		}
	}
	if !slices.Equal(got, to) {
		s.t.Errorf("%s: of updates on %q came those on %q, want exactly those on %q", what, slices.Concat(past, to), got, to)
	}
}

// refusedSubscribe asserts that a raw query is refused with 400.
func (t *T) refusedSubscribe(query string) {
	t.WantStatus("GET H?"+query, t.Do(Request{Query: query}), 400)
}

// allowed returns the methods an Allow field names.
func allowed(a *Answer) []string {
	methods := strings.Split(strings.Join(a.Header.Values("Allow"), ","), ",")
	for i, m := range methods {
		methods[i] = strings.TrimSpace(m)
	}
	return methods
}

// offersQuery reports whether the hub advertises the optional QUERY method: by
// the methods it names where it refuses another.
func offersQuery(t *T) bool {
	for _, method := range []string{"DELETE", "OPTIONS"} {
		if slices.Contains(allowed(t.Do(Request{Method: method})), "QUERY") {
			return true
		}
	}
	return false
}

// wantCursor asserts the response field that answers a stream's cursor.
func (s *Stream) wantCursor(what, id string) {
	if got := s.Header.Get(s.t.CursorHeader()); got != id {
		s.t.Errorf("%s: %s is %q, want %q", what, s.t.CursorHeader(), got, id)
	}
}

// at returns the same run against the hub at another URL, whose query is
// dropped.
func (t *T) at(hub *url.URL) *T {
	target, to := *t.Target, *hub
	to.RawQuery, to.Fragment = "", ""
	target.Hub = to.String()
	return &T{Target: &target, Gen: t.Gen, ctx: t.ctx, run: t.run, minutes: t.minutes}
}
