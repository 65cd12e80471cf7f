package main

import (
	"net/http"
	"regexp"
	"strings"
)

// absoluteIRI is what begins with a scheme, and has the characters of an IRI.
var absoluteIRI = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|\\^` + "`" + `\x7f]+$`)

// subscriberCases: identifiers of subscribers.
var subscriberCases = ifThere((*T).hasPresence,
	Case{
		ID: "SUBS-subscriber-ignores-client",
		Run: func(t *T) {
			o, topic, forged := t.observe(), t.Topic("a"), "urn:x:"+t.run
			suggestion := Form("subscriber", forged, "subscriber_id", forged, "id", forged)
			requests := map[string]Request{
				"in the query":  {Query: Form("match", topic) + "&" + suggestion},
				"in the header": {Query: Form("match", topic), Header: http.Header{"Subscriber": {forged}, "X-Subscriber": {forged}, "Mercure-Subscriber": {forged}}},
			}
			if offersQuery(t) {
				requests["in the body"] = Request{Method: "QUERY", Form: Form("match", topic) + "&" + suggestion}
			}
			for where, r := range requests {
				r.Token = t.SubscriberToken()
				if _, c := o.begins(r); strings.Contains(c.text("subscriber"), t.run) {
					t.Errorf("a suggestion %s: the subscriber is %q, want one that the hub assigns", where, c.text("subscriber"))
				}
			}
		},
	},
	Case{
		ID: "SUBS-subscriber-random",
		Run: func(t *T) {
			// A counter or a clock changes the end of an identifier a little from
			// one to the next: random ones have next to nothing in common there.
			const tail, common = 12, 8
			all := t.observe().subscribers(t.SubscriberToken(), 4)
			for i, one := range all {
				for _, other := range all[i+1:] {
					if len(one) < tail || len(other) < tail || alike(one[len(one)-tail:], other[len(other)-tail:]) > common {
						t.Errorf("two connections have the subscribers %q and %q, want random identifiers", one, other)
					}
				}
			}
		},
	},
	Case{ID: "SUBS-subscriber-derived", By: []string{"SUBS-subscriber-per-connection", "SUBS-subscriber-issuer", "SUBS-subscriber-distinct"}},
	Case{
		ID: "SUBS-subscriber-per-connection",
		Run: func(t *T) {
			if all := t.observe().subscribers(t.SubscriberToken(), 2); all[0] == all[1] {
				t.Errorf("two connections with one token have the same subscriber %q", all[0])
			}
		},
	},
	Case{
		ID:    "SUBS-subscriber-issuer",
		Needs: []Need{Variant("issuers")},
		Run: func(t *T) {
			t = t.On("issuers")
			if !t.hasPresence() {
				return
			}
			o := t.observe()
			one := o.subscribers(t.withClaim("sub", t.run)(Subscriber), 1)
			header, claims := t.everything()
			other := signer{alg: "HS256", secret: []byte(t.OtherKey)}.sign(header, claims.With("sub", t.run).With("iss", t.OtherIssuer))
			if all := append(one, o.subscribers(other, 1)...); all[0] == all[1] {
				t.Errorf("tokens of two issuers with the same sub have the same subscriber %q", all[0])
			}
		},
	},
	Case{
		ID: "SUBS-subscriber-distinct",
		Run: func(t *T) {
			o := t.observe()
			all := append(o.subscribers(t.SubscriberToken(), 10), o.subscribers(t.Token(Subscriber, Grant{Subscribe: []string{"x"}}), 2)...)
			if t.Anonymous {
				all = append(all, o.subscribers("", 5)...)
			}
			seen := make(map[string]bool)
			for _, id := range all {
				if seen[id] {
					t.Errorf("of %d connections, two have the subscriber %q", len(all), id)
				}
				seen[id] = true
			}
		},
	},
	Case{ID: "SUBS-subscriber-shared", Run: (*T).sharesSubscriber},
	Case{ID: "SUBS-0x-subscriber-shared", Run: (*T).sharesSubscriber},
	Case{
		ID: "SUBS-subscriber-iri",
		Run: func(t *T) {
			for _, id := range t.observe().subscribers(t.SubscriberToken(), 2) {
				if !absoluteIRI.MatchString(id) {
					t.Errorf("the subscriber %q is no absolute IRI", id)
				}
			}
		},
	},
)

// subscribers opens streams with a token and returns the identifiers of their
// subscribers.
func (o *observer) subscribers(token string, n int) (ids []string) {
	for range n {
		_, c := o.begins(Request{Query: o.t.Topics(o.t.Topic("a")), Token: token})
		if c.text("subscriber") == "" {
			o.t.Fatalf("the document of a subscription has no subscriber: %s", short(c.Data))
		}
		ids = append(ids, c.text("subscriber"))
	}
	return ids
}

// sharesSubscriber asserts that the subscriptions of a connection are those of
// one subscriber.
func (t *T) sharesSubscriber() {
	topics := []string{t.Topic("a"), t.Topic("b"), t.Topic("c")}
	_, created := t.observe().subscribes(topics...)
	for _, c := range created[1:] {
		if first := created[0].text("subscriber"); first == "" || c.text("subscriber") != first {
			t.Errorf("subscriptions of one connection have the subscribers %q and %q, want one", first, c.text("subscriber"))
		}
	}
}

// alike counts the places where two strings of one length have the same byte.
func alike(a, b string) (n int) {
	for i := range a {
		if a[i] == b[i] {
			n++
		}
	}
	return n
}
