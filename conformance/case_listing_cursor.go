package main

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// listingCursorCases: the cursor of the subscription API, from which a client
// goes on with the events.
var listingCursorCases = append(ifThere((*T).hasAPI,
	Case{
		ID: "SUBS-api-cursor",
		Run: func(t *T) {
			for _, path := range t.shapes() {
				a := t.list(path)
				t.WantStatus("GET "+path, a, http.StatusOK)
				link, ok := linkTo(a, "mercure")
				if !ok || link.params["last-event-id"] == "" {
					t.Errorf("GET %s: Link is %q, want one with rel=mercure and last-event-id", path, a.Header.Values("Link"))
					continue
				}
				t.leadsToHub(path, link)
			}
		},
	},
	Case{
		ID: "SUBS-api-link-attrs",
		Run: func(t *T) {
			for _, path := range t.shapes() {
				link, _ := linkTo(t.list(path), "mercure")
				for name, want := range map[string]string{"type": "mercure", "content-type": "application/json"} {
					if got := link.params[name]; got != want {
						t.Errorf("GET %s: the link to the hub has %s %q, want %q", path, name, got, want)
					}
				}
			}
		},
	},
	Case{
		ID: "SUBS-0x-api-link",
		Run: func(t *T) {
			for _, path := range t.shapes() {
				if link, ok := linkTo(t.list(path), "mercure"); ok {
					t.leadsToHub(path, link)
				}
			}
		},
	},
	Case{
		ID: "SUBS-api-cursor-not-in-body",
		Run: func(t *T) {
			doc := t.listed(t.subscription("a").text("id"))
			for _, name := range []string{"last_event_id", "lastEventID", "lastEventId"} {
				if member, given := doc[name]; given {
					t.Errorf("the document of a subscription has %s %v, want the cursor on the link alone", name, member)
				}
			}
		},
	},
	Case{
		ID: "SUBS-api-cursor-consistent",
		Run: func(t *T) {
			const rounds = 12
			o, topic := t.observe(), t.Topic("churn")
			var streams []*Stream
			var snapshots []*snapshot
			for i := range rounds {
				streams = append(streams, t.Subscribe(t.SubscriberToken(), topic))
				if i%3 == 2 {
					streams[i-2].Close()
				}
				snapshots = append(snapshots, t.snapshot(topic))
			}
			// Once the observer has seen that all is over, what the others get up
			// to a sentinel is all there is.
			open := make(map[string]bool)
			for _, c := range o.began("opening streams", rounds) {
				open[c.text("id")] = true
			}
			for _, c := range o.ended("leaving streams", rounds/3) {
				delete(open, c.text("id"))
			}
			for i, s := range snapshots {
				if got := s.now(); !maps.Equal(got, open) {
					t.Errorf("what was listed after %d streams were opened, and the events since the cursor %s, make %d open subscriptions, want the %d that are",
						i+1, s.cursor, len(got), len(open))
				}
			}
		},
	},
), ifQuiet(
	Case{
		ID:    "SUBS-api-cursor-value",
		Needs: []Need{Variant("untouched")},
		Run:   (*T).wantCursors,
	},
	Case{
		ID:    "SUBS-0x-api-cursor",
		Needs: []Need{Variant("untouched")},
		Run: func(t *T) {
			t.wantCursors()
			for _, path := range t.shapes() {
				if cursor, _ := t.listed(path)["lastEventID"].(string); cursor == "" {
					t.Errorf("GET %s: there is no lastEventID at the root, want the id of the last event", path)
				}
			}
		},
	},
	Case{
		ID: "SUBS-api-cursor-quoting",
		Run: func(t *T) {
			quiet := t.On("quiet")
			for _, id := range []string{`a"b\c;d,e`, `"`, `\`, `a; rel="next"`, `<x>, <y>`, "a b"} {
				id += t.run
				quiet.Publish("topic", t.Topic("a"), "id", id)
				quiet.wantCursorSoon("an update with the id "+id, id)
			}
		},
	},
)...)

// ifQuiet is for cases that look at the cursor of a hub where nothing but they
// themselves may move it.
func ifQuiet(all ...Case) []Case {
	all = ifThere((*T).hasAPI, all...)
	for i := range all {
		all[i].Alone = true
		all[i].Needs = append(all[i].Needs, Variant("quiet"))
	}
	return all
}

// wantCursors asserts the cursor of a hub where nothing happened, and then that
// of one where updates are published.
func (t *T) wantCursors() {
	if cursor := t.On("untouched").cursor(); cursor != "earliest" {
		t.Errorf("the cursor of a hub that dispatched nothing is %q, want earliest", cursor)
	}
	quiet := t.On("quiet")
	quiet.wantCursorSoon("a public update", quiet.Publish("topic", t.Topic("a")))
	quiet.wantCursorSoon("a private update", quiet.Publish("topic", t.Topic("b"), "private", "on"))

	// On a hub with others only this much can be told: that the cursor is not
	// before what was dispatched.
	o := t.observe()
	_, created := o.subscribes(t.Topic("a"))
	t.observeAfter(t.cursor()).none("resuming from the cursor after the event " + created[0].ID)
}

// cursor asks for the cursor of the hub.
func (t *T) cursor() string { return t.cursorOf(t.list("/subscriptions")) }

// wantCursorSoon asserts that the cursor becomes an id: dispatching may take
// place after the publisher has its answer.
func (t *T) wantCursorSoon(after, id string) {
	cursor := t.cursor()
	for deadline := time.Now().Add(t.Patience); cursor != id; cursor = t.cursor() {
		if time.Now().After(deadline) {
			t.Errorf("the cursor after %s is %q, want its id, %q", after, cursor, id)
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// leadsToHub asserts that a link leads to the hub, by its path: it need not be
// reached under the name by which it knows itself.
func (t *T) leadsToHub(path string, link hubLink) {
	u, err := url.Parse(link.target)
	if err == nil {
		u = t.hubURL().ResolveReference(u)
	}
	if err != nil || u.Path != t.hubPath() {
		t.Errorf("GET %s: the link to the hub is %q, want %s", path, link.target, t.hubURL())
	}
}

// A snapshot is what was listed, and a stream of the events since.
type snapshot struct {
	cursor string
	open   map[string]bool // by id
	since  *observer
}

// snapshot lists the subscriptions to a topic and follows their events from the
// cursor on.
func (t *T) snapshot(topic string) *snapshot {
	path := strings.TrimSuffix(t.subscriptionPath("exact", topic, ""), "/")
	a := t.list(path)
	t.WantStatus("GET "+path, a, http.StatusOK)
	s := &snapshot{cursor: t.cursorOf(a), open: make(map[string]bool)}
	items, _ := t.members("GET "+path, a)["subscriptions"].([]any)
	for _, item := range items {
		c := change{}
		c.doc, _ = item.(map[string]any)
		s.note(c)
	}
	s.since = t.observeAfter(s.cursor)
	return s
}

func (s *snapshot) note(c change) {
	if c.is(true) {
		s.open[c.text("id")] = true
	} else {
		delete(s.open, c.text("id"))
	}
}

// now returns what is open by the snapshot and the events since.
func (s *snapshot) now() map[string]bool {
	for _, e := range s.since.stream.Until(s.since.sentinel) {
		s.since.add(e)
	}
	for _, c := range s.since.ofRun() {
		s.note(c)
	}
	return s.open
}
