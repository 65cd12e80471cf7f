package clients

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
)

// Topics of the updates: what is selected by everything, by patterns alone,
// and by nothing.
const (
	book      = "https://example.com/books/1"
	otherBook = "https://example.com/books/2"
	film      = "https://example.org/films/1"
)

// selections are the ways of subscribing, with the topics each is to receive.
var selections = []struct {
	requirement string
	query       url.Values
	topics      []string
}{
	{"SUB-0x-topic-param", url.Values{"topic": {book}}, []string{book}},
	{"SUB-0x-any-selector", url.Values{"topic": {"https://example.com/books/{id}"}}, []string{book, otherBook}},
	{"SUB-param-match", url.Values{"match": {book}}, []string{book}},
	{"SUB-param-match-urlpattern", url.Values{"match_urlpattern": {"https://example.com/books/:id"}}, []string{book, otherBook}},
}

// TestResume takes real clients through an outage: whatever happens, each
// update arrives exactly once and in order.
func TestResume(t *testing.T) {
	readers := map[string]struct {
		tools  []tool
		follow func(t *testing.T, page string, urls []string) *follower
	}{
		"chromium": {[]tool{node, packages, chromium}, func(t *testing.T, page string, urls []string) *follower {
			return startFollower(t, "browser.js", append([]string{page}, urls...)...)
		}},
		"eventsource": {[]tool{node, packages}, func(t *testing.T, _ string, urls []string) *follower {
			return startFollower(t, "node.js", urls...)
		}},
	}
	outages := map[string]func(*hub, *proxy){
		"connection cut": func(_ *hub, p *proxy) { p.cut() },
		"hub killed":     func(h *hub, p *proxy) { h.kill(); p.cut(); h.start() },
	}
	for reader, r := range readers {
		for outage, happen := range outages {
			t.Run(reader+"/"+outage, func(t *testing.T) {
				need(t, r.tools...)
				t.Parallel()
				page := httptest.NewServer(http.FileServer(http.Dir(".")))
				t.Cleanup(page.Close)
				h := newHub(t, "--anonymous", "--cors-origins", page.URL)
				p := startProxy(t, h.addr)
				var targets, urls []string
				for _, s := range selections {
					targets = append(targets, hubPath+"?"+s.query.Encode())
					urls = append(urls, "http://"+p.addr()+targets[len(targets)-1])
				}
				resume(t, h, p, targets, r.follow(t, page.URL+"/follow.html", urls), happen)
			})
		}
	}
}

func resume(t *testing.T, h *hub, p *proxy, targets []string, f *follower, happen func(*hub, *proxy)) {
	each := func(do func(stream int, requirement string)) {
		for stream, s := range selections {
			do(stream, s.requirement)
		}
	}
	want := make([][]event, len(selections))
	publish := func(topic string, e event) {
		fields := url.Values{"topic": {topic}, "data": {e.Data}}
		if e.Type != "" {
			fields.Set("type", e.Type)
		}
		if e.ID != "" {
			fields.Set("id", e.ID)
		}
		answer := h.publish(fields)
		if e.ID != "" && answer != e.ID {
			t.Errorf("PUB-body-id: published with id %q, answered %q", e.ID, answer)
		}
		e.ID = answer
		if e.Type == "" {
			e.Type = "message"
		}
		for stream, s := range selections {
			if slices.Contains(s.topics, topic) {
				want[stream] = append(want[stream], e)
			}
		}
	}
	arrived := func(stream int, requirement string) {
		f.await(t, stream, fmt.Sprintf("%s: want %d events", requirement, len(want[stream])),
			func(log []happening) bool { return count(log, "event") >= len(want[stream]) })
	}

	each(func(stream int, requirement string) {
		f.await(t, stream, requirement+", SSE-headers-at-once: want an open stream",
			func(log []happening) bool { return count(log, "open") == 1 })
	})
	publish(book, event{Data: "before"})
	publish(film, event{Data: "for nobody"})
	publish(otherBook, event{Data: "two\nlines"})
	publish(book, event{Type: "notice", Data: " typed, after a space"})
	each(arrived)

	happen(h, p)
	each(func(stream int, _ string) {
		f.await(t, stream, "want the stream lost",
			func(log []happening) bool { return count(log, "lost") > 0 })
	})
	publish(book, event{Data: "while away"})
	publish(otherBook, event{Type: "notice", Data: "while away\ntwice\n"})
	publish(film, event{Data: "for nobody, while away"})
	publish(book, event{ID: "urn:example:the-publishers-own", Data: "under its own id"})
	publish(otherBook, event{Data: ""})
	seen := make([]string, len(selections))
	each(func(stream int, _ string) {
		log, _ := f.of(stream)
		got := events(log)
		seen[stream] = got[len(got)-1].ID
	})
	p.heal(h.addr)

	each(func(stream int, _ string) {
		f.await(t, stream, "SSE-error-status, SSE-204-stops: want the client back by itself",
			func(log []happening) bool { return count(log, "open") >= 2 })
	})
	publish(otherBook, event{Data: "after"})
	publish(book, event{Data: "the end"})
	each(arrived)
	each(func(stream int, requirement string) {
		log, _ := f.of(stream)
		if got := events(log); !slices.Equal(got, want[stream]) {
			t.Errorf("%s, REPLAY-after, REPLAY-order-gapless, REPLAY-full-event:\n got %+v\nwant %+v", requirement, got, want[stream])
		}
		if n := count(log, "closed"); n > 0 {
			t.Errorf("SSE-error-status: the client gave up: %+v", log)
		}
		requests := p.seen(targets[stream])
		if len(requests) < 2 {
			t.Fatalf("want a second request for %s, to have something to prove; saw %d", targets[stream], len(requests))
		}
		if got := requests[1].Header.Get("Last-Event-ID"); got != seen[stream] {
			t.Errorf("REPLAY-header: the client came back with Last-Event-ID %q, want that of the last event it had, %q", got, seen[stream])
		}
	})
}
