package main

import (
	"encoding/json"
	"net/url"
	"slices"
)

// grantCases: authorization details and grants.
var grantCases = slices.Concat(detailCases, matcherCases, rightCases, lifetimeCases)

// mint makes a 1.0 token with these authorization details.
func (t *T) mint(role Role, details ...any) string {
	header, claims := t.CurrentClaims(details...)
	return t.Sign(role, header, claims)
}

// refusedDetails asserts that a token with these authorization details is
// invalid, for whatever it is used.
func (t *T) refusedDetails(what string, details ...any) {
	t.refusedToken(what, t.withClaim("authorization_details", details))
}

// mayPublish asserts that a token with these details publishes to each topic.
func (t *T) mayPublish(what string, details []any, topics ...string) {
	for _, topic := range topics {
		t.WantStatus("publishing to "+topic+" with "+what, t.publishBy(bearer(t.mint(Publisher, details...)), topic), 200)
	}
}

// mayNotPublish asserts that a token with these details is valid, and
// publishes to none of the topics.
func (t *T) mayNotPublish(what string, details []any, topics ...string) {
	for _, topic := range topics {
		a := t.publishBy(bearer(t.mint(Publisher, details...)), topic)
		t.WantRefusal("publishing to "+topic+" with "+what, a, 403, "insufficient_scope")
	}
}

// publishAll is a valid detail, so that nothing is missing but what a case
// takes away.
func publishAll() Claims { return Detail([]string{"publish"}, Matcher("", "*")) }

func subscribeAll() Claims { return Detail([]string{"subscribe"}, Matcher("", "*")) }

// detailCases: the authorization detail object.
var detailCases = []Case{
	{
		ID: "AUTH-detail-type",
		Run: func(t *T) {
			for _, name := range []string{"HTTPS://mercure.rocks/authorization-detail", "https://mercure.rocks/Authorization-Detail",
				detailType + "/", "mercure"} {
				t.mayNotPublish("a detail of type "+name, []any{publishAll().With("type", name)}, t.Topic("a"))
			}
		},
	},
	{
		ID: "AUTH-detail-foreign-ignored",
		Run: func(t *T) {
			payment := Claims{"type": "payment_initiation", "actions": "pay", "topics": 1, "payload": []any{nil}, "amount": Claims{"eur": "123.50"}}
			t.mayPublish("a payment's detail beside a valid one", []any{payment, publishAll()}, t.Topic("a"))
			t.mayNotPublish("a payment's detail alone", []any{payment}, t.Topic("a"))
		},
	},
	{
		ID:    "AUTH-detail-claim-array",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.refusedToken("authorization_details as an object", t.withClaim("authorization_details", publishAll()))
			t.refusedToken("authorization_details as a string", t.withClaim("authorization_details", "*"))
			t.refusedDetails("authorization_details as an array of a string", "x")
			t.refusedDetails("authorization_details with a string beside valid details", publishAll(), subscribeAll(), "x")
		},
	},
	{
		ID:    "AUTH-detail-none",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.mayNotPublish("no details", nil, t.Topic("a"))
			s := t.Subscribe(t.mint(Subscriber), t.Topic("a"))
			t.Publish("topic", t.Topic("a"), "private", "on")
			public := t.Publish("topic", t.Topic("a"))
			s.OnlyThen("private and public updates to a token without details", t.Topic("a"), public)
			if t.hasAPI() {
				a := t.Do(Request{Path: "/subscriptions", Token: t.mint(Subscriber)})
				t.WantRefusal("listing subscriptions with no details", a, 403, "insufficient_scope")
			}
		},
	},
	{
		ID:    "AUTH-detail-actions-shape",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.refusedDetails("a detail without actions", publishAll().With("actions", nil))
			for _, actions := range []any{[]any{}, "publish", []any{1}, []any{"publish", 1}} {
				t.refusedDetails("actions "+inJSON(actions), publishAll().With("actions", actions))
			}
		},
	},
	{
		ID: "AUTH-detail-actions-unknown",
		Run: func(t *T) {
			t.mayPublish("an unknown action beside publish", []any{Detail([]string{"publish", "archive"}, Matcher("", "*"))}, t.Topic("a"))
			t.mayNotPublish("an unknown action alone", []any{Detail([]string{"archive"}, Matcher("", "*"))}, t.Topic("a"))
		},
	},
	{
		ID: "AUTH-detail-actions-case",
		Run: func(t *T) {
			t.mayNotPublish("the action Publish", []any{Detail([]string{"Publish"}, Matcher("", "*"))}, t.Topic("a"))
		},
	},
	{
		ID:    "AUTH-detail-topics-shape",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.refusedDetails("a detail without topics", publishAll().With("topics", nil))
			for _, topics := range []any{[]any{}, "*", []any{t.Topic("a")}} {
				t.refusedDetails("topics "+inJSON(topics), publishAll().With("topics", topics))
			}
		},
	},
	{
		ID:    "AUTH-detail-payload-shape",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			for _, payload := range []any{"x", []any{1}} {
				t.refusedDetails("payload "+inJSON(payload), publishAll(), subscribeAll().With("payload", payload))
			}
		},
	},
	{
		ID: "AUTH-detail-grant",
		Run: func(t *T) {
			details := []any{
				Detail([]string{"subscribe"}, Matcher("", t.Topic("read"))),
				Detail([]string{"publish"}, Matcher("", t.Topic("other")), Matcher("", t.Topic("written"))),
			}
			t.mayNotPublish("a detail to read it", details, t.Topic("read"))
			t.mayPublish("a detail to write it", details, t.Topic("written"))
		},
	},
	{
		ID:    "AUTH-detail-all-or-nothing",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.refusedDetails("a malformed subscribe detail after a valid publish detail", publishAll(), subscribeAll().With("topics", nil))
			t.refusedDetails("a malformed subscribe detail before a valid publish detail", subscribeAll().With("topics", nil), publishAll())
		},
	},
	{
		ID:    "AUTH-detail-no-partial",
		Needs: []Need{SubscriberKey, Anonymous},
		Run: func(t *T) {
			t.refusedDetails("a malformed publish detail after a valid subscribe detail", subscribeAll(), publishAll().With("topics", nil))
			t.refusedDetails("a malformed publish detail before a valid subscribe detail", publishAll().With("topics", nil), subscribeAll())
		},
	},
}

// matcherCases: the topic matcher list.
var matcherCases = []Case{
	{
		ID:    "AUTH-topics-object",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			for _, entry := range []any{nil, "a", Claims{}, Claims{"match": 1}} {
				t.refusedMatcher("the topics entry "+inJSON(entry), entry)
			}
		},
	},
	{
		ID: "AUTH-topics-type-default",
		Run: func(t *T) {
			details := []any{Detail([]string{"publish"}, Matcher("", t.Topic(":id")))}
			t.mayPublish("a matcher without match_type", details, t.Topic(":id"))
			t.mayNotPublish("a matcher without match_type", details, t.Topic("1"))
		},
	},
	{
		ID:    "AUTH-topics-type-case",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			for _, name := range []string{"URLPattern", "Exact"} {
				t.refusedMatcher("match_type "+name, Matcher(name, t.Topic("a")))
			}
		},
	},
	{
		ID:    "AUTH-topics-type-unsupported",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.refusedMatcher("match_type regexp", Matcher("regexp", t.Topic("a")))
		},
	},
	{
		ID:    "AUTH-topics-type-not-string",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			for _, value := range []any{null, 1} {
				t.refusedMatcher("match_type "+inJSON(value), Claims{"match": t.Topic("a"), "match_type": value})
			}
		},
	},
	{
		ID:    "AUTH-topics-wildcard",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topics := []string{t.Topic("a"), "chat room " + t.run, "/" + t.run + "/relative", "https://[" + t.run}
			for _, matchType := range []string{"", "exact", "urlpattern"} {
				detail := Detail([]string{"publish", "subscribe"}, Matcher(matchType, "*"))
				t.mayPublish("* of match_type "+matchType, []any{detail}, topics...)
				s := t.Subscribe(t.mint(Subscriber, detail), topics...)
				for _, topic := range topics {
					s.Want("a private update to * of match_type "+matchType, t.Publish("topic", topic, "private", "on"))
				}
			}
		},
	},
	{
		ID:    "AUTH-topics-bad-pattern",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			t.refusedMatcher("a pattern with an open group", Matcher("urlpattern", "https://e.x/("))
		},
	},
	{
		ID:  "AUTH-topics-pattern-base",
		Run: (*T).patternBase,
	},
	{
		ID:    "AUTH-topics-chars",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			for _, char := range []string{"\x00", "\u200b", "\x7f"} {
				t.refusedMatcher("match with "+inJSON(char), Matcher("", t.Topic("a"+char)))
			}
		},
	},
}

// refusedMatcher asserts that a topics entry makes the token invalid, alone
// and beside one that suffices.
func (t *T) refusedMatcher(what string, entry any) {
	actions := []string{"publish", "subscribe"}
	t.refusedDetails(what, Detail(actions, entry))
	t.refusedDetails(what+" after one that suffices", Detail(actions, Matcher("", "*"), entry))
}

// patternBase asserts that relative patterns in tokens are resolved against
// the resource identifier, and not against where the request went.
func (t *T) patternBase() {
	details := []any{Detail([]string{"publish"}, Matcher("urlpattern", "/"+t.run+"/:id"))}
	const what = "a relative pattern"
	t.mayPublish(what, details, t.ownOrigin()+"/"+t.run+"/1", "/"+t.run+"/1")
	t.mayNotPublish(what, details, t.Topic("1"), "https://other.test/"+t.run+"/1")
	hub, err := url.Parse(t.Hub)
	if err != nil {
		t.Fatalf("the hub's URL: %v", err)
	}
	if requested := hub.Scheme + "://" + hub.Host; requested != t.ownOrigin() {
		t.mayNotPublish(what, details, requested+"/"+t.run+"/1")
	}
}

// inJSON writes a value as messages show it.
func inJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("conformance: a case has a value that is no JSON: " + err.Error())
	}
	return string(raw)
}
