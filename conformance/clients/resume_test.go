package clients

import (
	"cmp"
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
var selections = [...]selection{
	{"SUB-0x-topic-param", url.Values{"topic": {book}}, []string{book}},
	{"SUB-0x-any-selector", url.Values{"topic": {"https://example.com/books/{id}"}}, []string{book, otherBook}},
	{"SUB-param-match", url.Values{"match": {book}}, []string{book}},
	{"SUB-param-match-urlpattern", url.Values{"match_urlpattern": {"https://example.com/books/:id"}}, []string{book, otherBook}},
}

type selection struct {
	requirement string
	query       url.Values
	topics      []string
}

// target is the request target that makes this selection.
func (s selection) target() string { return hubPath + "?" + s.query.Encode() }

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
	// What happens to the hub while its clients are cut off.
	outages := map[string]func(*hub){
		"hub well":   func(*hub) {},
		"hub killed": func(h *hub) { h.kill(); h.start() },
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
				var urls []string
				for _, s := range selections {
					urls = append(urls, "http://"+p.addr()+s.target())
				}
				j := &journey{T: t, hub: h, proxy: p, follower: r.follow(t, page.URL+"/follow.html", urls)}
				j.travel(happen)
			})
		}
	}
}

// A journey is one client's, with a stream for each selection.
type journey struct {
	*testing.T
	hub      *hub
	proxy    *proxy
	follower *follower
	want     [len(selections)][]event // by selection: what was published for it, in order
}

func (j *journey) travel(happen func(*hub)) {
	j.await("open", 1, "SSE-headers-at-once: want an open stream")
	j.publish(book, event{Data: "before"})
	j.publish(film, event{Data: "for nobody"})
	j.publish(otherBook, event{Data: "two\nlines"})
	j.publish(book, event{Type: "notice", Data: " typed, after a space"})
	j.arrived()

	j.proxy.cut()
	j.await("lost", 1, "want the stream lost")
	var last [len(j.want)]string
	for i, want := range j.want {
		last[i] = want[len(want)-1].ID
	}
	j.publish(book, event{Data: "while away"})
	j.publish(otherBook, event{Type: "notice", Data: "while away\ntwice\n"})
	happen(j.hub)
	j.publish(film, event{Data: "for nobody, while away"})
	j.publish(book, event{ID: "urn:example:the-publishers-own", Data: "under its own id"})
	j.publish(otherBook, event{Data: ""})

	j.proxy.heal(j.hub.addr)
	j.await("open", 2, "SSE-error-status, SSE-204-stops: want the client back by itself")
	j.publish(otherBook, event{Data: "after"})
	j.publish(book, event{Data: "the end"})
	j.arrived()
	for i, s := range selections {
		log, _ := j.follower.of(i)
		if got := events(log); !slices.Equal(got, j.want[i]) {
			j.Errorf("%s, REPLAY-after, REPLAY-order-gapless, REPLAY-full-event:\n got %+v\nwant %+v", s.requirement, got, j.want[i])
		}
		if count(log, "closed") > 0 {
			j.Errorf("SSE-error-status: the client gave up: %+v", log)
		}
		requests := j.proxy.seen(s.target())
		if len(requests) < 2 {
			j.Fatalf("want a second request for %s, to have something to prove; saw %d", s.target(), len(requests))
		}
		if got := requests[1].Header.Get("Last-Event-ID"); got != last[i] {
			j.Errorf("REPLAY-header: the client came back with Last-Event-ID %q, want that of the last event it had, %q", got, last[i])
		}
	}
}

// publish sends an update and notes who is to receive it.
func (j *journey) publish(topic string, e event) {
	j.Helper()
	fields := url.Values{"topic": {topic}, "data": {e.Data}}
	if e.Type != "" {
		fields.Set("type", e.Type)
	}
	if e.ID != "" {
		fields.Set("id", e.ID)
	}
	id := j.hub.publish(fields)
	if e.ID != "" && id != e.ID {
		j.Errorf("PUB-id-used: published with id %q, answered %q", e.ID, id)
	}
	e.ID, e.Type = id, cmp.Or(e.Type, "message")
	for i, s := range selections {
		if slices.Contains(s.topics, topic) {
			j.want[i] = append(j.want[i], e)
		}
	}
}

// await waits until something has happened n times to every stream.
func (j *journey) await(kind string, n int, want string) {
	j.Helper()
	for i, s := range selections {
		j.follower.await(j.T, i, s.requirement+", "+want, func(log []happening) bool { return count(log, kind) >= n })
	}
}

// arrived waits until every stream has had as many events as it should.
func (j *journey) arrived() {
	j.Helper()
	for i, s := range selections {
		j.follower.await(j.T, i, fmt.Sprintf("%s: want %d events", s.requirement, len(j.want[i])),
			func(log []happening) bool { return count(log, "event") >= len(j.want[i]) })
	}
}
