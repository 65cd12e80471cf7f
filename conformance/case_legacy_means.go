package main

import (
	"net/http"
	"strings"
)

// legacyMeansCases: how 0.x tokens are presented, and which one counts.
var legacyMeansCases = []Case{
	{
		ID:    "AUTH-0x-mechanisms",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			for what, present := range map[string]func(string) http.Header{"header": bearer, "cookie": t.page} {
				topic := t.Topic(what)
				s := t.openBy(present(t.SubscriberToken()), topic)
				s.Want("subscribed by "+what, t.Publish("topic", topic, "private", "on"))
				a := t.publishBy(present(t.PublisherToken()), topic)
				t.WantStatus("published by "+what, a, 200)
				s.Want("published by "+what, a.Body)
			}
		},
	},
	{
		ID:    "AUTH-0x-query",
		Needs: []Need{SubscriberKey, Anonymous, Variant("query_token")},
		Run: func(t *T) {
			v, topic := t.On("query_token"), t.Topic("a")
			s := v.Open(Request{Query: v.inQuery(v.SubscriberToken(), topic)})
			s.Want("by query, where that is supported", v.Publish("topic", topic, "private", "on"))

			// Elsewhere it is one or the other: a garbage token tells which.
			supported := t.Do(Request{Query: t.inQuery("garbage", topic)}).Status == 401
			s = t.Open(Request{Query: t.inQuery(t.SubscriberToken(), topic)})
			private := t.Publish("topic", topic, "private", "on")
			if supported {
				s.Want("by query, where a garbage token is refused", private)
			}
			s.Silent("by query, and where it is ignored as without a token", topic)
		},
	},
	{
		ID:    "AUTH-0x-query-cache",
		Needs: []Need{SubscriberKey, Variant("query_token")},
		Run: func(t *T) {
			t = t.On("query_token")
			a := t.Do(Request{Query: t.inQuery(t.SubscriberToken(), t.Topic("a"))})
			t.WantStatus("by query", a, 200)
			if control := strings.Join(a.Header.Values("Cache-Control"), ","); !strings.Contains(control, "private") {
				t.Errorf("by query: Cache-Control %q, want it to contain private", control)
			}
		},
	},
	{
		ID:    "AUTH-0x-header-first",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.prefersHeader()
			if t.has(Variant("query_token")) { // elsewhere the parameter is ignored in any case
				t.On("query_token").prefersHeader()
			}
		},
	},
	{
		ID:    "AUTH-0x-query-over-cookie",
		Needs: []Need{SubscriberKey, Variant("query_token")},
		Run: func(t *T) {
			t = t.On("query_token")
			topic := t.Topic("a")
			s := t.Open(Request{Query: t.inQuery(t.SubscriberToken(), topic), Header: t.Cookie("garbage")})
			s.Want("valid parameter, garbage cookie", t.Publish("topic", topic, "private", "on"))
			a := t.Do(Request{Query: t.inQuery("garbage", topic), Header: t.Cookie(t.SubscriberToken())})
			t.WantStatus("garbage parameter, valid cookie", a, 401)
		},
	},
	{
		ID:    "AUTH-0x-cookie-name",
		Needs: []Need{SubscriberKey},
		Run:   func(t *T) { t.readsCookie("mercureAuthorization") },
	},
	{
		ID:    "AUTH-0x-cookie-other-name",
		Needs: []Need{SubscriberKey, Variant("cookie_name")},
		Run:   func(t *T) { t.On("cookie_name").readsCookie("legacyConformance") },
	},
}

// inQuery returns a query that subscribes to a topic with a token in it.
func (t *T) inQuery(token, topic string) string {
	return t.Topics(topic) + "&" + Form("authorization", token)
}

// prefersHeader asserts that beside a header neither cookie nor query
// parameter counts, be they good or bad.
func (t *T) prefersHeader() {
	topic := t.Topic("a")
	good, bad := bearer(t.SubscriberToken()), bearer("garbage")
	s := t.Open(Request{Query: t.inQuery("garbage", topic), Header: both(good, t.Cookie("garbage"))})
	s.Want("valid header, garbage query and cookie", t.Publish("topic", topic, "private", "on"))
	for what, r := range map[string]Request{
		"cookie":           {Query: t.Topics(topic), Header: both(bad, t.Cookie(t.SubscriberToken()))},
		"query":            {Query: t.inQuery(t.SubscriberToken(), topic), Header: bad},
		"query and cookie": {Query: t.inQuery(t.SubscriberToken(), topic), Header: both(bad, t.Cookie(t.SubscriberToken()))},
	} {
		t.WantStatus("garbage header, valid "+what, t.Do(r), 401)
	}
	publisher := t.PublisherToken()
	a := t.publishBy(both(bearer(publisher), t.page("garbage")), topic)
	t.WantStatus("POST, valid header, garbage cookie", a, 200)
	a = t.publishBy(both(bad, t.page(publisher)), topic)
	t.WantStatus("POST, garbage header, valid cookie", a, 401)
}

// readsCookie asserts that a cookie of this name authorizes.
func (t *T) readsCookie(name string) {
	topic := t.Topic("a")
	s := t.Open(Request{Query: t.Topics(topic), Header: http.Header{"Cookie": {name + "=" + t.SubscriberToken()}}})
	s.Want("with a cookie "+name, t.Publish("topic", topic, "private", "on"))
}
