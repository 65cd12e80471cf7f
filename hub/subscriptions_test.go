package hub_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
	"cinnabar/store/memory"

	"github.com/prometheus/client_golang/prometheus"
)

// Each generation is shown the subscriptions of both, by the list, by selector
// and one by one, as the events told of them (differences C5 to C7).
func TestSubscriptionsOfBothGenerations(t *testing.T) {
	p := newPresent(t)
	watchers := map[spec.Generation]*hubtest.Stream{}
	for _, g := range []spec.Generation{spec.Legacy, spec.Current} {
		watchers[g] = p.watch(g, spec.Earliest)
	}
	p.Subscribe(url.Values{"match": {"https://e.x/a"}, "match_urlpattern": {"https://e.x/a"}}.Encode(),
		p.Sign(hubtest.Token{Generation: spec.Current, Subscribe: []string{"*"}, Change: withPayload(spec.Current, map[string]any{"n": 1})}))
	p.Subscribe(url.Values{"topic": {"https://e.x/{id}", "https://e.x/a"}}.Encode(),
		p.Sign(hubtest.Token{Subscribe: []string{"*"}, Change: withPayload(spec.Legacy, "text")}))

	const a, pattern, template = "https%3A%2F%2Fe.x%2Fa", "urlpattern/https%3A%2F%2Fe.x%2Fa", "https%3A%2F%2Fe.x%2F%7Bid%7D"
	for _, c := range []struct {
		in        spec.Generation
		changes   int            // of the two above
		wanted    map[string]int // of collections, below the API's path
		nothing   []string
		mediaType string
	}{
		{spec.Current, 4, map[string]int{"/exact/" + a: 2, "/" + pattern: 1, "/uritemplate/" + template: 1, "/exact/" + template: 0},
			[]string{"/exact/" + a + "/urn%3Auuid%3A00000000-0000-4000-8000-000000000000", "/" + a, "/exact/a/b/c"}, "application/json"},
		{spec.Legacy, 3, map[string]int{"/" + a: 2, "/" + template: 1, "/b": 0},
			[]string{"/" + a + "/urn%3Auuid%3A00000000-0000-4000-8000-000000000000", "/exact/" + a, "/exact/" + a + "/x"}, "application/ld+json"},
	} {
		t.Run(c.in.String(), func(t *testing.T) {
			var told []change
			for range c.changes {
				told = append(told, nextOf(t, watchers[c.in]))
			}
			all := p.ask(c.in, subscriptionsPath)
			if got := all.header.Get("Content-Type"); got != c.mediaType {
				t.Errorf("SUBS-api-content-type, SUBS-0x-api-content-type: %s, want %s", got, c.mediaType)
			}
			ids := all.ids(t)
			for _, one := range told {
				id := one.doc["id"].(string)
				if !slices.Contains(ids, id) {
					t.Errorf("SUBS-api-collection-items: %s was told of and is not in the list: %q", id, ids)
				}
				single := p.ask(c.in, id)
				if single.status != http.StatusOK {
					t.Fatalf("SUBS-api-single, SUBS-0x-api-single: GET %s: %d %s", id, single.status, single.body)
				}
				if single.cursor(t, c.in) == "" {
					t.Errorf("SUBS-api-cursor, SUBS-0x-api-cursor: %s has none", id)
				}
				if c.in == spec.Current && single.body != one.Data {
					t.Errorf("SUBS-api-single: %s, want the event's document unmodified: %s", single.body, one.Data)
				}
				delete(single.doc, "lastEventID")
				if !reflect.DeepEqual(single.doc, one.doc) {
					t.Errorf("SUBS-api-single, SUBS-0x-api-single: %v, want the event's document: %v", single.doc, one.doc)
				}
			}
			if want := c.changes + 2; len(ids) != want { // and the watchers
				t.Errorf("%d subscriptions are listed, want %d: %q", len(ids), want, ids)
			}
			for path, want := range c.wanted {
				l := p.ask(c.in, subscriptionsPath+path)
				if l.status != http.StatusOK || len(l.ids(t)) != want {
					t.Errorf("SUBS-api-collection-filter, SUBS-0x-api-collection-filter: %s: %d, want %d of them: %s", path, l.status, want, l.body)
				}
				if id := l.doc["id"]; id != subscriptionsPath+path {
					t.Errorf("SUBS-api-collection-id, SUBS-0x-api-collection-id: %v, want %s", id, subscriptionsPath+path)
				}
			}
			for _, path := range c.nothing {
				if l := p.ask(c.in, subscriptionsPath+path); l.status != http.StatusNotFound && !(l.status == http.StatusOK && len(l.ids(t)) == 0) {
					t.Errorf("SUBS-api-404, SUBS-api-paths: %s: %d %s, want nothing there", path, l.status, l.body)
				}
			}
			for _, one := range told {
				_, given := one.doc["payload"]
				mine := fmt.Sprint(one.doc["payload"])
				legacy := mine == "text"
				if c.in == spec.Current && legacy {
					t.Errorf("differences C7: a payload that is no object is shown in 1.0: %s", one.Data)
				}
				if c.in == spec.Legacy && !given {
					t.Errorf("SUBS-0x-doc-payload: %s has none", one.Data)
				}
			}
		})
	}
}

// What is over is not listed any more, and the entity tag tells.
func TestSubscriptionsThatEnded(t *testing.T) {
	p := newPresent(t)
	watcher := p.watch(spec.Current, spec.Earliest)
	s := p.Subscribe("match=a", "")
	begun := nextOf(t, watcher)
	path := begun.doc["id"].(string)
	before := p.ask(spec.Current, subscriptionsPath)
	tag := before.header.Get("ETag")

	p.Publish(form(t, "topic=x&id=urn:x:1"))
	wait(t, func() bool {
		again := p.ask(spec.Current, subscriptionsPath, "If-None-Match", tag)
		if again.status != http.StatusNotModified {
			t.Fatalf("SUBS-api-validators: nobody came or went, and asking again is answered %d: %s", again.status, again.body)
		}
		return again.cursor(t, spec.Current) == "urn:x:1"
	}, "SUBS-api-cursor-value: the answer 304 never has the last id as its cursor")

	s.Close()
	ended := nextOf(t, watcher)
	if ended.doc["id"] != path || ended.doc["active"] != false {
		t.Fatalf("SUBS-doc-active: %s, want %s to end", ended.Data, path)
	}
	if l := p.ask(spec.Current, path); l.status != http.StatusNotFound {
		t.Errorf("SUBS-api-404: it has ended, and GET %s: %d %s", path, l.status, l.body)
	}
	after := p.ask(spec.Current, subscriptionsPath, "If-None-Match", tag)
	if after.status != http.StatusOK || slices.Contains(after.ids(t), path) {
		t.Errorf("SUBS-api-validators: it has ended, and the list is %d: %s", after.status, after.body)
	}
}

// A list and its cursor are one fact, however many come and go: what is told
// from there on fits the list, and leads to who is there in the end.
func TestSubscriptionsAndCursorAgree(t *testing.T) {
	for _, g := range []spec.Generation{spec.Legacy, spec.Current} {
		t.Run(g.String(), func(t *testing.T) {
			t.Parallel()
			p := newPresent(t)
			stop := make(chan struct{})
			var crowd sync.WaitGroup
			for i := range 4 {
				crowd.Go(func() {
					for n := 0; ; n++ {
						select {
						case <-stop:
							return
						default:
						}
						s := p.Subscribe(url.Values{"match": {fmt.Sprint("a", i), fmt.Sprint("b", n%3)}}.Encode(), "")
						if rand.IntN(3) == 0 {
							p.Publish(form(t, "topic=x"))
						}
						s.Close()
					}
				})
			}
			type look struct {
				open   map[string]bool
				cursor string
			}
			var looks []look
			for range 10 {
				l := p.ask(g, subscriptionsPath)
				open := make(map[string]bool)
				for _, id := range l.ids(t) {
					open[id] = true
				}
				looks = append(looks, look{open, l.cursor(t, g)})
				time.Sleep(2 * time.Millisecond)
			}
			close(stop)
			crowd.Wait()
			wait(t, func() bool { return len(p.ask(g, subscriptionsPath).ids(t)) == 0 }, "everybody has left, and the list is not empty")
			end := p.Publish(form(t, "topic="+url.QueryEscape("https://e.x/end")))
			for i, l := range looks {
				query := url.Values{"match_urlpattern": {subscriptionsPath + "/:type/:match/:subscriber", "https://e.x/end"}, "last_event_id": {l.cursor}}
				if g == spec.Legacy {
					query = url.Values{"topic": {subscriptionsPath + "{/topic}{/subscriber}", "https://e.x/end"}, "lastEventID": {l.cursor}}
				}
				s := p.Subscribe(query.Encode(), p.tokens[g])
				open := maps.Clone(l.open)
				for {
					e := s.Next()
					if e.ID == end {
						break
					}
					var doc struct {
						ID     string
						Active bool
					}
					if err := json.Unmarshal([]byte(e.Data), &doc); err != nil {
						t.Fatal(err)
					}
					if open[doc.ID] == doc.Active {
						t.Fatalf("SUBS-api-cursor-consistent: look %d: from its cursor on, active becomes %v for %s, for which it was so already", i, doc.Active, doc.ID)
					}
					open[doc.ID] = doc.Active
				}
				for id, is := range open {
					if is {
						t.Errorf("SUBS-api-cursor-consistent: look %d: everybody has left, and the list with all changes still has %s", i, id)
					}
				}
				s.Close()
			}
		})
	}
}

// A large list comes in pages that together have everybody once.
func TestSubscriptionsInPages(t *testing.T) {
	p := newPresent(t)
	const connections, each = 21, 100
	watcher := p.watch(spec.Current, spec.Earliest)
	for i := range connections {
		var query []string
		for n := range each {
			query = append(query, "topic="+fmt.Sprint(i%7, ".", n))
		}
		p.Subscribe(strings.Join(query, "&"), "")
	}
	for range connections * each {
		nextOf(t, watcher)
	}
	for _, g := range []spec.Generation{spec.Legacy, spec.Current} {
		seen := make(map[string]int)
		pages := 0
		for path := subscriptionsPath; path != ""; pages++ {
			l := p.ask(g, path)
			if l.status != http.StatusOK {
				t.Fatalf("%s: %d %s", path, l.status, l.body)
			}
			if l.doc["id"] != path {
				t.Errorf("SUBS-api-collection-id, SUBS-0x-api-collection-id: page %d has id %v, want the URL it was asked for by: %s", pages, l.doc["id"], path)
			}
			if l.cursor(t, g) == "" || l.doc["type"] == nil {
				t.Errorf("SUBS-api-paginate-valid: page %d lacks something: %.200s", pages, l.body)
			}
			for _, id := range l.ids(t) {
				seen[id]++
			}
			path = ""
			for _, link := range l.header.Values("Link") {
				if target, ok := strings.CutSuffix(link, `>; rel="next"`); ok {
					path = strings.TrimPrefix(target, "<")
				}
			}
		}
		if want := connections*each + 1; len(seen) != want || pages != 3 {
			t.Errorf("%s: %d subscriptions in %d pages, want %d in 3", g, len(seen), pages, want)
		}
		for id, times := range seen {
			if times != 1 {
				t.Errorf("%s is listed %d times", id, times)
			}
		}
	}
}

// A hub that stops ends what is open; the one after it lists nobody, and tells
// who goes on from a list of before of every end, once.
func TestSubscriptionsAfterRestart(t *testing.T) {
	log, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	on := func(c *hub.Config) { c.Log, c.Presence = log, log }

	before := newPresent(t, on)
	before.Subscribe("match=a&match=b", "")
	before.Subscribe("topic=a", "")
	wait(t, func() bool { return len(before.ask(spec.Current, subscriptionsPath).ids(t)) == 3 }, "three subscriptions are open, and not listed")
	old := before.ask(spec.Current, subscriptionsPath)
	if err := before.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	after := newPresent(t, on)
	if now := after.ask(spec.Current, subscriptionsPath).ids(t); len(now) != 0 {
		t.Errorf("SUBS-api-collection: nobody has come since the restart, and these are listed: %q", now)
	}
	open := old.ids(t)
	watcher := after.watch(spec.Current, old.cursor(t, spec.Current))
	for range len(open) {
		ended := nextOf(t, watcher)
		i := slices.Index(open, ended.doc["id"].(string))
		if i < 0 || ended.doc["active"] != false {
			t.Fatalf("SUBS-event-terminated: %s, want the end of one of %q", ended.Data, open)
		}
		open = slices.Delete(open, i, i+1)
	}
}

// Whoever asks is counted, and so is what is open.
func TestSubscriptionMetrics(t *testing.T) {
	p := newPresent(t)
	registry := prometheus.NewRegistry()
	registry.MustRegister(p.Collectors()...)
	p.Subscribe("match=a&match=b", "")
	wait(t, func() bool {
		l := p.ask(spec.Current, subscriptionsPath)
		return len(l.ids(t)) == 2
	}, "two subscriptions are open, and not listed")
	p.ask(spec.Legacy, subscriptionsPath)
	_, text := get(t, p.Operations(registry), "/metrics")
	for _, want := range []string{
		"mercure_subscriptions 2\n",
		`mercure_requests_total{endpoint="subscriptions",generation="0.x"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("/metrics has no %s:\n%s", want, text)
		}
	}
}

// The wildcard is a subscription under each type that asks for it; events come
// once all the same.
func TestWildcardsOfSeveralTypes(t *testing.T) {
	p := newPresent(t)
	s := p.Subscribe("match=*&match_urlpattern=*&match=*", "")
	wait(t, func() bool { return len(p.ask(spec.Current, subscriptionsPath).ids(t)) == 2 },
		"SUBS-event-created: exact and urlpattern ask for everything, and two subscriptions are never listed")
	if got := p.ask(spec.Legacy, subscriptionsPath).ids(t); len(got) != 1 {
		t.Errorf("differences C7: 0.x lists %q, want one subscription to the string", got)
	}
	first, second := p.Publish(form(t, "topic=a")), p.Publish(form(t, "topic=a"))
	if a, b := s.Next().ID, s.Next().ID; a != first || b != second {
		t.Errorf("SUB-once-per-stream: got %s and %s, want %s and %s, each once", a, b, first, second)
	}
}
