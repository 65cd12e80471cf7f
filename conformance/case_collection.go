package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// collectionCases: documents that list subscriptions.
var collectionCases = ifThere((*T).hasAPI,
	Case{
		ID: "SUBS-api-collection",
		Run: func(t *T) {
			for _, path := range t.shapes()[:2] {
				doc := t.listed(path)
				for _, name := range []string{"id", "type", "subscriptions"} {
					if _, given := doc[name]; !given {
						t.Errorf("GET %s: there is no member %s", path, name)
					}
				}
				t.items(path)
			}
		},
	},
	Case{
		ID: "SUBS-0x-api-collection",
		Run: func(t *T) {
			for _, path := range t.shapes()[:2] {
				doc := t.listed(path)
				for name, want := range map[string]string{"@context": "https://mercure.rocks/", "type": "Subscriptions", "id": path} {
					if doc[name] != want {
						t.Errorf("GET %s: %s is %v, want %s", path, name, doc[name], want)
					}
				}
				t.wantItems(path, "id", "type", "topic", "subscriber", "active")
			}
			t.wantEmpty()
		},
	},
	Case{ID: "SUBS-api-collection-id", Run: (*T).wantOwnIDs},
	Case{ID: "SUBS-0x-api-collection-id", Run: (*T).wantOwnIDs},
	Case{
		ID: "SUBS-api-collection-type",
		Run: func(t *T) {
			for _, path := range t.shapes()[:2] {
				if got := t.listed(path)["type"]; got != "subscriptions" {
					t.Errorf("GET %s: type is %v, want subscriptions", path, got)
				}
			}
		},
	},
	Case{
		ID: "SUBS-api-collection-items",
		Run: func(t *T) {
			for _, path := range t.shapes()[:2] {
				t.wantItems(path, "id", "type", "match_type", "match", "subscriber", "active")
			}
			t.wantEmpty()
		},
	},
	Case{
		ID: "SUBS-api-collection-filter",
		Run: func(t *T) {
			o, a := t.observe(), t.Topic("a")
			_, c := o.begins(Request{Query: Form("match", a), Token: t.SubscriberToken()})
			_, p := o.begins(Request{Query: Form("match_urlpattern", a), Token: t.SubscriberToken()})
			for _, other := range []string{t.Topic("b"), a + "/b", t.Topic("A")} {
				o.begins(Request{Query: Form("match", other), Token: t.SubscriberToken()})
			}
			t.listsAlone(c)
			t.listsAlone(p)
		},
	},
	Case{
		ID: "SUBS-0x-api-collection-filter",
		Run: func(t *T) {
			o := t.observe()
			_, a := o.subscribes(t.Topic("a"))
			_, b := o.subscribes(t.Topic("{b}"))
			o.subscribes(t.Topic("a/b"))
			t.listsAlone(a[0])
			t.listsAlone(b[0])
		},
	},
	Case{ID: "SUBS-api-paginate", By: []string{"SUBS-api-paginate-valid"}},
	Case{
		ID: "SUBS-api-paginate-valid",
		Run: func(t *T) {
			o, root := t.observe(), t.hubPath()+"/subscriptions"
			for i := range 3 {
				var topics []string
				for j := range 50 {
					topics = append(topics, t.Topic(fmt.Sprintf("%d/%d", i, j)))
				}
				o.subscribes(topics...)
			}
			seen := make(map[string]bool)
			for path := root; path != ""; {
				if seen[path] {
					t.Fatalf("the pages of %s lead back to %s", root, path)
				}
				seen[path] = true
				a := t.list(path)
				t.WantStatus("GET "+path, a, http.StatusOK)
				doc := t.members("GET "+path, a)
				_, isArray := doc["subscriptions"].([]any)
				if doc["id"] != path || !isArray || doc["type"] != "subscriptions" || t.cursorOf(a) == "" {
					t.Errorf("GET %s: %s, want a document with that as its id, type and subscriptions, and a cursor on a link", path, short(a.Body))
				}
				path = t.nextPage(path, a)
			}
		},
	},
)

// wantOwnIDs asserts that the id of a collection is its path.
func (t *T) wantOwnIDs() {
	for _, path := range t.shapes()[:2] {
		if got := t.listed(path)["id"]; got != path {
			t.Errorf("GET %s: id is %v, want the path it was asked for by", path, got)
		}
	}
}

// wantItems asserts that every subscription of a collection has these members.
func (t *T) wantItems(path string, names ...string) {
	items := t.items(path)
	if len(items) == 0 {
		t.Errorf("GET %s: the collection is empty, want the subscription that is open", path)
	}
	for _, item := range items {
		for _, name := range names {
			if _, given := item[name]; !given {
				t.Errorf("GET %s: the item %s has no member %s", path, inJSON(item), name)
			}
		}
	}
}

// wantEmpty asserts that a collection of nothing is an empty array.
func (t *T) wantEmpty() {
	path := t.subscriptionPath("exact", t.Topic("nobody"), "")
	path = strings.TrimSuffix(path, "/")
	if items, ok := t.listed(path)["subscriptions"].([]any); !ok || len(items) > 0 {
		t.Errorf("GET %s: subscriptions is %s, want []", path, inJSON(t.listed(path)["subscriptions"]))
	}
}

// listsAlone asserts that the collection of a subscription's matcher lists that
// subscription alone.
func (t *T) listsAlone(c change) {
	var got []string
	for _, item := range t.items(c.parent()) {
		id, _ := item["id"].(string)
		got = append(got, id)
	}
	if !slices.Equal(got, []string{c.text("id")}) {
		t.Errorf("GET %s: lists %q, want %s alone", c.parent(), got, c.text("id"))
	}
}
