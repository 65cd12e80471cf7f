package main

import (
	"net/http"
	"slices"
)

// listingGrantCases: who may use the subscription API.
var listingGrantCases = ifThere((*T).hasAPI,
	Case{
		ID: "SUBS-api-token-required",
		Run: func(t *T) {
			for _, path := range t.shapes() {
				t.WantRefusal("GET "+path+" without a token", t.listBy("", path), http.StatusUnauthorized, "")
			}
		},
	},
	Case{
		ID: "SUBS-api-authz-topic",
		Run: func(t *T) {
			for _, path := range t.shapes() {
				token := t.mint(Subscriber, grant("subscribe", path))
				t.WantStatus("GET "+path+" with a grant on the path", t.listBy(token, path), http.StatusOK)
				t.WantStatus("GET "+path+"?page=2 with a grant on the path", t.listBy(token, path+"?page=2"), http.StatusOK)
				token = t.mint(Subscriber, grant("subscribe", path+"?page=2"))
				t.WantStatus("GET "+path+"?page=2 with a grant on path and query", t.listBy(token, path+"?page=2"), http.StatusForbidden)
			}
		},
	},
	Case{
		ID: "SUBS-api-authz-subscribe",
		Run: func(t *T) {
			token := t.mint(Subscriber, publishAll(), grant("subscribe", t.Topic("a")))
			for _, path := range t.shapes() {
				t.WantStatus("GET "+path+" with a grant to publish", t.listBy(token, path), http.StatusForbidden)
			}
		},
	},
	Case{
		ID: "SUBS-api-authz-exact-relative",
		Run: func(t *T) {
			for _, path := range t.shapes() {
				token := t.mint(Subscriber, grant("subscribe", t.hubOrigin()+path))
				t.WantStatus("GET "+path+" with an exact grant on its absolute URL", t.listBy(token, path), http.StatusForbidden)
				token = t.mint(Subscriber, grant("subscribe", path+"/"))
				t.WantStatus("GET "+path+" with an exact grant but for a slash", t.listBy(token, path), http.StatusForbidden)
			}
		},
	},
	Case{
		ID: "SUBS-api-authz-pattern",
		Run: func(t *T) {
			root := t.hubPath() + "/subscriptions"
			for _, path := range t.shapes() {
				for pattern, status := range map[string]int{
					root + "{/*}?":                              http.StatusOK,
					t.hubOrigin() + root + "{/*}?":              http.StatusOK,
					"https://other.example" + root + "{/*}?":    http.StatusForbidden,
					t.hubOrigin() + root + "/urlpattern/:m/:s?": http.StatusForbidden,
				} {
					token := t.mint(Subscriber, Detail([]string{"subscribe"}, Matcher("urlpattern", pattern)))
					t.WantStatus("GET "+path+" with the URL pattern "+pattern, t.listBy(token, path), status)
				}
			}
		},
	},
	Case{
		ID: "SUBS-api-authz-each-shape",
		Run: func(t *T) {
			shapes := t.shapes()
			for i, granted := range shapes {
				for j, path := range shapes {
					status := http.StatusForbidden
					if i == j {
						status = http.StatusOK
					}
					token := t.mint(Subscriber, grant("subscribe", granted))
					t.WantStatus("GET "+path+" with an exact grant on "+granted, t.listBy(token, path), status)
				}
			}
		},
	},
	Case{
		ID: "SUBS-api-403",
		Run: func(t *T) {
			tokens := map[string]string{
				"a token for another topic":   t.mint(Subscriber, grant("subscribe", t.Topic("a"))),
				"a token without any details": t.mint(Subscriber),
			}
			for _, path := range t.shapes() {
				for what, token := range tokens {
					t.WantRefusal("GET "+path+" with "+what, t.listBy(token, path), http.StatusForbidden, "insufficient_scope")
				}
			}
		},
	},
	Case{
		ID: "SUBS-api-403-before-404",
		Run: func(t *T) {
			token := t.mint(Subscriber, grant("subscribe", t.Topic("a")))
			path := t.subscriptionPath("exact", t.Topic("a"), "urn:x:nobody")
			t.WantStatus("GET of a subscription that there is not, with a token for something else", t.listBy(token, path), http.StatusForbidden)
		},
	},
	Case{
		ID: "SUBS-0x-api-authz",
		Run: func(t *T) {
			root := t.hubPath() + "/subscriptions"
			shapes := t.shapes()
			for selector, reached := range map[string][]string{
				root + "{/topic}{/subscriber}":   shapes,
				"*":                              shapes,
				root:                             shapes[:1],
				root + "/{topic}":                shapes[1:2],
				root + "/{topic}/{subscriber}":   shapes[2:],
				root + "/other/{subscriber}":     nil,
				t.Topic("a"):                     nil,
				t.hubOrigin() + root + "{/a}":    nil,
				"/.well-known/subscriptions{/a}": nil,
			} {
				token := t.Token(Subscriber, Grant{Subscribe: []string{selector}})
				for _, path := range shapes {
					status := http.StatusForbidden
					if slices.Contains(reached, path) {
						status = http.StatusOK
					}
					t.WantStatus("GET "+path+" with subscribe: ["+selector+"]", t.listBy(token, path), status)
				}
			}
			for _, path := range shapes {
				t.WantStatus("GET "+path+" without a token", t.listBy("", path), http.StatusUnauthorized)
			}
		},
	},
	Case{
		ID: "AUTH-0x-403",
		Run: func(t *T) {
			for what, g := range map[string]Grant{
				"another topic": {Subscribe: []string{t.Topic("a")}},
				"nothing":       {Subscribe: []string{}},
				"publishing":    {Publish: []string{"*"}},
			} {
				t.WantStatus("listing subscriptions with a token for "+what, t.listBy(t.Token(Subscriber, g), "/subscriptions"), http.StatusForbidden)
			}
		},
	},
)
