package main

import (
	"net/http"
	"reflect"
	"strings"
)

// listingCases: paths of the subscription API and documents of one
// subscription.
var listingCases = ifThere((*T).hasAPI,
	Case{ID: "SUBS-api-paths", Run: (*T).hasPaths},
	Case{ID: "SUBS-0x-api-paths", Run: (*T).hasPaths},
	Case{
		ID: "SUBS-api-raw-path",
		Run: func(t *T) {
			for _, name := range []string{"a", "%2F/a%252Fb", "a//b/"} {
				c := t.subscription(name)
				for _, path := range []string{c.parent(), c.text("id")} {
					a := t.list(path)
					t.WantStatus("GET "+path, a, http.StatusOK)
					if a.Status == http.StatusOK && !strings.Contains(a.Body, c.text("subscriber")) {
						t.Errorf("GET %s: %s does not have the subscription of %s", path, short(a.Body), c.text("subscriber"))
					}
				}
			}
		},
	},
	Case{
		ID: "SUBS-api-single",
		Run: func(t *T) {
			c := t.subscription("a")
			if doc := t.listed(c.text("id")); !reflect.DeepEqual(doc, c.doc) {
				t.Errorf("GET %s: %s, want what the event has: %s", c.text("id"), inJSON(doc), short(c.Data))
			}
		},
	},
	Case{
		ID: "SUBS-0x-api-single",
		Run: func(t *T) {
			c := t.subscription("a")
			doc := t.listed(c.text("id"))
			if cursor, _ := doc["lastEventID"].(string); cursor == "" {
				t.Errorf("GET %s: lastEventID is %v, want an id", c.text("id"), doc["lastEventID"])
			}
			delete(doc, "lastEventID")
			if !reflect.DeepEqual(doc, c.doc) {
				t.Errorf("GET %s: %s, want what the event has and lastEventID: %s", c.text("id"), inJSON(doc), short(c.Data))
			}
		},
	},
	Case{
		ID: "SUBS-api-404",
		Run: func(t *T) {
			c := t.subscription("a")
			for what, path := range map[string]string{
				"a subscriber that there is not": c.parent() + "/" + expanded("urn:uuid:6a1d9f60-8e2b-4f46-9f4c-000000000000"),
				"a matcher that there is not":    strings.Replace(c.text("id"), t.run, "other", 1),
			} {
				t.WantStatus("GET of a subscription with "+what, t.list(path), http.StatusNotFound)
			}
		},
	},
	Case{
		ID: "SUBS-api-inactive",
		Run: func(t *T) {
			o := t.observe()
			s, created := o.subscribes(t.Topic("a"))
			s.Close()
			o.ended("a stream that its client left", 1)
			path := created[0].text("id")
			a := t.list(path)
			t.WantStatus("GET of a subscription that ended", a, http.StatusOK, http.StatusNotFound)
			if a.Status == http.StatusOK && t.members("GET "+path, a)["active"] != false {
				t.Errorf("GET of a subscription that ended: %s, want 404, or active false", short(a.Body))
			}
			for _, item := range t.items(created[0].parent()) {
				if item["active"] != false {
					t.Errorf("the collection lists %s, which ended, want it left out, or active false", inJSON(item))
				}
			}
		},
	},
	Case{ID: "SUBS-api-content-type", Run: func(t *T) { t.wantListingType("application/json") }},
	Case{ID: "SUBS-0x-api-content-type", Run: func(t *T) { t.wantListingType("application/ld+json") }},
	Case{
		ID:    "CORS-expose-link",
		Needs: []Need{CORSOrigin},
		Run: func(t *T) {
			a := t.from(t.CORSOrigin, Request{Path: "/subscriptions", Token: t.SubscriberToken()})
			t.WantStatus("listing subscriptions from the allowed origin", a, http.StatusOK)
			t.wantAllowed("listing subscriptions", a)
			t.wantListed("listing subscriptions", a, "Access-Control-Expose-Headers", "Link")
		},
	},
	Case{
		ID: "SUBS-api-validators",
		Run: func(t *T) {
			o, topic := t.observe(), t.Topic("a")
			s, created := o.subscribes(topic)
			path := created[0].parent()
			first := t.etag(path)
			o.subscribes(topic)
			second := t.etag(path)
			s.Close()
			o.ended("a stream that its client left", 1)
			if third := t.etag(path); first != "" && (first == second || second == third) {
				t.Errorf("GET %s: ETag is %s, then %s and %s, though the collection changed each time", path, first, second, third)
			}
		},
	},
)

// hasPaths asserts that there is a document at every shape of path.
func (t *T) hasPaths() {
	for _, path := range t.shapes() {
		t.WantStatus("GET "+path, t.list(path), http.StatusOK)
	}
}

// shapes returns a path of each shape, of which the last two are those of a
// subscription that is open.
func (t *T) shapes() []string {
	c := t.subscription("a")
	return []string{t.hubPath() + "/subscriptions", c.parent(), c.text("id")}
}

// wantListingType asserts the media type of every shape of path.
func (t *T) wantListingType(want string) {
	for _, path := range t.shapes() {
		a := t.list(path)
		t.WantStatus("GET "+path, a, http.StatusOK)
		if got, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(got), want) {
			t.Errorf("GET %s: Content-Type is %q, want %s", path, a.Header.Get("Content-Type"), want)
		}
	}
}

// etag returns the entity tag of a document, "" where there is none.
func (t *T) etag(path string) string {
	a := t.list(path)
	t.WantStatus("GET "+path, a, http.StatusOK)
	tag := a.Header.Get("ETag")
	if opaque := strings.TrimPrefix(tag, "W/"); tag != "" && (len(opaque) < 2 || opaque[0] != '"' || opaque[len(opaque)-1] != '"') {
		t.Errorf("GET %s: ETag is %s, want it quoted", path, tag)
	}
	return tag
}
