package main

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// documentOfEventCases: the document that is the data of a subscription event.
var documentOfEventCases = ifThere((*T).hasPresence,
	Case{
		ID: "SUBS-doc-json",
		Run: func(t *T) {
			for _, c := range t.document(`a "quoted" \ ✓`) {
				if c.doc == nil {
					t.Errorf("the data of a subscription event is %s, want a JSON object", short(c.Data))
				}
			}
		},
	},
	Case{
		ID: "SUBS-doc-id",
		Run: func(t *T) {
			o := t.observe()
			s, created := o.subscribes(t.Topic("a"))
			t.wantRelative(created[0])
			t.follows(created[0].text("id"), s)
		},
	},
	Case{
		ID: "SUBS-0x-doc-id",
		Run: func(t *T) {
			o := t.observe()
			s, created := o.subscribes(t.Topic("a"))
			t.wantRelative(created[0])
			t.follows(created[0].text("id"), s)
		},
	},
	Case{ID: "SUBS-doc-type", Run: func(t *T) { t.wantMember("type", "subscription") }},
	Case{ID: "SUBS-0x-doc-type", Run: func(t *T) { t.wantMember("type", "Subscription") }},
	Case{ID: "SUBS-0x-doc-jsonld", Run: func(t *T) { t.wantMember("@context", "https://mercure.rocks/") }},
	Case{
		ID: "SUBS-doc-match-type",
		Run: func(t *T) {
			o := t.observe()
			for name, want := range map[string]string{"match": "exact", "match_exact": "exact", "match_urlpattern": "urlpattern"} {
				_, c := o.begins(Request{Query: Form(name, t.Topic("a")), Token: t.SubscriberToken()})
				if got := c.doc["match_type"]; got != want {
					t.Errorf("%s: match_type is %v, want %q", name, got, want)
				}
			}
		},
	},
	Case{
		ID: "SUBS-doc-match",
		Run: func(t *T) {
			o := t.observe()
			for _, matcher := range []string{t.Topic("a b+c%7E"), t.Topic("é<&>\"\\"), t.Topic("{id}:x*")} {
				_, c := o.begins(Request{Query: Form("match", matcher), Token: t.SubscriberToken()})
				if got := c.doc["match"]; got != matcher {
					t.Errorf("match is %v, want the matcher as it was sent, %q", got, matcher)
				}
			}
		},
	},
	Case{
		ID: "SUBS-0x-doc-topic",
		Run: func(t *T) {
			o := t.observe()
			for _, selector := range []string{t.Topic("a b+c%7E"), t.Topic("{id}/{+x}"), t.Topic("{")} {
				_, created := o.subscribes(selector)
				if got := created[0].doc["topic"]; got != selector {
					t.Errorf("topic is %v, want the selector as it was sent, %q", got, selector)
				}
			}
		},
	},
	Case{ID: "SUBS-doc-subscriber", Run: (*T).wantSubscriber},
	Case{ID: "SUBS-0x-doc-subscriber", Run: (*T).wantSubscriber},
	Case{
		ID: "SUBS-doc-active",
		Run: func(t *T) {
			o, id := t.observe(), ""
			s, created := o.subscribes(t.Topic("a"))
			id = created[0].text("id")
			if active := created[0].doc["active"]; active != true {
				t.Errorf("active is %v in the event of a subscription that begins, want true", active)
			}
			s.Close()
			c := o.await("a stream that its client left", 1, func(c change) bool { return c.text("id") == id })[0]
			if active := c.doc["active"]; active != false {
				t.Errorf("active is %v in the event of a subscription that ended, want false", active)
			}
		},
	},
	Case{
		ID:    "SUBS-doc-payload",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			payload := Claims{"a": 1, "é": []any{"<&>", nil, true, Claims{}}}
			o, topic := t.observe(), t.Topic("a")
			o.wantPayload("a detail with a payload", t.mint(Subscriber, subscribeAll().With("payload", payload)), topic, payload)
			o.wantPayload("a detail with an empty payload", t.mint(Subscriber, subscribeAll().With("payload", Claims{})), topic, Claims{})
			o.wantPayload("a detail without a payload", t.mint(Subscriber, subscribeAll()), topic, nil)
			o.wantPayload("a token without details", t.mint(Subscriber), topic, nil)
			o.wantPayload("no token", "", topic, nil)
		},
	},
	Case{
		ID:    "SUBS-0x-doc-payload",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			o, topic := t.observe(), t.Topic("a")
			token := func(claim Claims) string {
				header, _ := t.Claims(Grant{})
				return t.Sign(Subscriber, header, Claims{"mercure": claim})
			}
			for _, payload := range []any{Claims{"a": 1}, "text", 7, []any{1, "x"}, true, Claims{}} {
				o.wantPayload("mercure.payload", token(Claims{"payload": payload}), topic, payload)
			}
			o.wantPayload("mercure without a payload", token(Claims{"subscribe": []string{"*"}}), topic, nil)
			o.wantPayload("no token", "", topic, nil)
		},
	},
	Case{ID: "SUBS-doc-extra", By: []string{"SUBS-doc-json", "SUBS-doc-active", "SUBS-0x-doc-jsonld"}},
	Case{ID: "SUB-subscription-per-param", Run: (*T).sharesSubscriber},
	Case{
		ID: "SUB-param-match-exact",
		Run: func(t *T) {
			topic := t.Topic("a")
			s, c := t.observe().begins(Request{Query: Form("match_exact", topic), Token: t.SubscriberToken()})
			s.Routes("match_exact", topic, []string{topic}, []string{t.Topic("b")})
			if got := c.doc["match_type"]; got != "exact" {
				t.Errorf("match_exact: match_type is %v, want exact", got)
			}
		},
	},
	Case{
		ID: "SUB-dedupe-identical",
		Run: func(t *T) {
			o, topic := t.observe(), t.Topic("a")
			what := "a stream by match, match and match_urlpattern on one string"
			t.Open(Request{Query: Form("match", topic, "match", topic, "match_urlpattern", topic), Token: t.SubscriberToken()})
			for _, kind := range []string{"urlpattern", "exact"} {
				o.await(what+", type "+kind, 1, func(c change) bool { return c.about(topic) && c.text("match_type") == kind })
			}
			for _, e := range o.stream.Until(o.sentinel) {
				o.add(e)
			}
			var rest []change
			for _, c := range o.waiting {
				if c.about(topic) {
					rest = append(rest, c)
				}
			}
			if len(rest) > 1 || len(rest) == 1 && rest[0].text("match_type") != "exact" {
				t.Errorf("%s: %d events beside one for each type, want at most one more, for match", what, len(rest))
			}
		},
	},
	Case{
		ID: "PRIV-presence-restricted",
		Run: func(t *T) {
			o, topic := t.observe(), t.Topic("a")
			_, created := o.subscribes(topic)
			subscriber, ungranted := created[0].text("subscriber"), t.Token(Subscriber, Grant{Subscribe: []string{topic}})
			answers := map[string]*Answer{
				"publishing":            t.Post(t.PublisherToken(), Form("topic", topic)),
				"publishing, refused":   t.Post(t.Token(Publisher, Grant{}), Form("topic", topic)),
				"subscribing":           t.Do(Request{Query: t.Topics(topic), Token: ungranted}),
				"subscribing, refused":  t.Do(Request{Token: ungranted}),
				"asking for what is no": t.Do(Request{Path: "/x", Token: ungranted}),
				"asking for metadata":   t.askMetadata(),
			}
			if t.hasAPI() {
				for _, path := range []string{t.hubPath() + "/subscriptions", created[0].text("id")} {
					for who, token := range map[string]string{"without a token": "", "with a token for something else": ungranted} {
						a := t.Do(Request{At: path, Token: token})
						t.WantStatus("listing subscriptions "+who, a, http.StatusUnauthorized, http.StatusForbidden)
						if path != created[0].text("id") { // which a refusal may repeat
							answers["listing "+path+" "+who] = a
						}
					}
				}
			}
			for what, a := range answers {
				for _, values := range append(headerValues(a), a.Body) {
					if strings.Contains(values, subscriber) || strings.Contains(values, expanded(subscriber)) {
						t.Errorf("%s: the answer names the subscriber %s: %s", what, subscriber, short(values))
					}
				}
			}
			stranger := t.observeWith(ungranted)
			o.subscribes(t.Topic("b"))
			stranger.none("a stream that is granted other topics")
		},
	},
)

// unionCases need the optional method, too.
var unionCases = ifThere(func(t *T) bool { return t.hasPresence() && offersQuery(t) },
	Case{
		ID: "SUB-body-union-subscriptions",
		Run: func(t *T) {
			o, topic, pattern := t.observe(), t.Topic("a"), t.Topic("b/:id")
			t.Open(Request{Method: "QUERY", Query: Form("match", topic), Form: Form("match_urlpattern", pattern), Token: t.SubscriberToken()})
			created := o.began("QUERY H?match=T with body match_urlpattern=X", 2)
			one, other := created[0], created[1]
			if !one.about(topic) {
				one, other = other, one
			}
			if !one.about(topic) || !other.about(pattern) || one.doc["subscriber"] != other.doc["subscriber"] {
				t.Errorf("QUERY H?match=T with body match_urlpattern=X: events %s and %s, want one for each matcher and one subscriber",
					short(one.Data), short(other.Data))
			}
		},
	},
)

func headerValues(a *Answer) (all []string) {
	for _, values := range a.Header {
		all = append(all, values...)
	}
	return all
}

// document returns the events of a subscription to a topic of a name.
func (t *T) document(name string) []change {
	_, created := t.observe().subscribes(t.Topic(name))
	return created
}

// wantMember asserts a member of the document, when a subscription begins and
// when it ends.
func (t *T) wantMember(name string, want any) {
	o := t.observe()
	s, created := o.subscribes(t.Topic("a"))
	s.Close()
	for _, c := range append(created, o.ended("a stream that its client left", 1)...) {
		if got := c.doc[name]; got != want {
			t.Errorf("%s of the document of a subscription is %v, want %q", name, got, want)
		}
	}
}

// wantRelative asserts that the id of a subscription is a path.
func (t *T) wantRelative(c change) {
	if id := c.text("id"); !strings.HasPrefix(id, t.hubPath()+"/subscriptions/") {
		t.Fatalf("the id of a subscription is %q, want the topic of the event, below %s/subscriptions/", c.doc["id"], t.hubPath())
	}
}

// wantSubscriber asserts that the subscriber is what the topic ends in.
func (t *T) wantSubscriber() {
	c := t.document("a")[0]
	segments := t.segments(c)
	last, err := url.PathUnescape(segments[len(segments)-1])
	if err != nil || c.doc["subscriber"] != last {
		t.Errorf("subscriber is %v, want the last segment of the id %q, decoded", c.doc["subscriber"], c.text("id"))
	}
}

// wantPayload subscribes with a token and asserts the payload that is shown,
// nil for none.
func (o *observer) wantPayload(what, token, topic string, want any) {
	_, c := o.begins(Request{Query: o.t.Topics(topic), Token: token})
	o.t.samePayload(what, c.doc, want)
}

func (t *T) samePayload(what string, doc map[string]any, want any) {
	got, given := doc["payload"]
	switch {
	case want == nil && given:
		t.Errorf("%s: payload is %s, want none", what, inJSON(got))
	case want != nil && !given:
		t.Errorf("%s: there is no payload, want %s", what, inJSON(want))
	case !reflect.DeepEqual(fromJSON(inJSON(got)), fromJSON(inJSON(want))):
		t.Errorf("%s: payload is %s, want %s", what, inJSON(got), inJSON(want))
	}
}
