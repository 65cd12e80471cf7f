package main

import "encoding/json"

// payloadCases: which payload of a 1.0 token belongs to a subscription.
var payloadCases = ifThere((*T).hasPresence,
	Case{
		ID: "AUTH-payload-first-match",
		Run: func(t *T) {
			x := t.Topic("x")
			t.payloads([]any{t.paying(1, Matcher("", x)), t.paying(2, Matcher("", "*")), t.paying(3, Matcher("", t.Topic("y")))},
				payloadRow{"match", x, 1}, payloadRow{"match", t.Topic("y"), 2})
		},
	},
	Case{
		ID: "AUTH-payload-order",
		Run: func(t *T) {
			x := t.Topic("x")
			t.payloads([]any{subscribeAll(), t.paying(1, Matcher("", x))}, payloadRow{"match", x, 0})
			t.payloads([]any{t.paying(2, Matcher("", "*")), t.paying(1, Matcher("", x))}, payloadRow{"match", x, 2})
			t.payloads([]any{grant("subscribe", t.Topic("y")), t.paying(1, Matcher("", x))}, payloadRow{"match", x, 1})
		},
	},
	Case{
		ID: "AUTH-payload-matcher-as-topic",
		Run: func(t *T) {
			pattern, topic := t.Topic("bar/:id"), t.Topic("bar/1")
			t.payloads([]any{t.paying(1, Matcher("urlpattern", pattern))},
				payloadRow{"match_urlpattern", pattern, 1}, payloadRow{"match", topic, 1},
				payloadRow{"match_urlpattern", t.Topic("bar/*"), 1}, payloadRow{"match_urlpattern", t.Topic("foo/:id"), 0},
				payloadRow{"match_urlpattern", t.Topic(":a/:id"), 0})
			t.payloads([]any{t.paying(1, Matcher("exact", pattern))},
				payloadRow{"match_urlpattern", pattern, 1}, payloadRow{"match", pattern, 1}, payloadRow{"match", topic, 0},
				payloadRow{"match_urlpattern", t.Topic("bar/:other"), 0})
		},
	},
	Case{
		ID: "AUTH-payload-subscribe-only",
		Run: func(t *T) {
			x := t.Topic("x")
			publish := Detail([]string{"publish"}, Matcher("", x)).With("payload", Claims{"n": 1})
			t.payloads([]any{publish, grant("subscribe", x)}, payloadRow{"match", x, 0})
			t.payloads([]any{publish, t.paying(2, Matcher("", "*"))}, payloadRow{"match", x, 2})
			both := Detail([]string{"publish", "subscribe"}, Matcher("", x)).With("payload", Claims{"n": 3})
			t.payloads([]any{both}, payloadRow{"match", x, 3})
		},
	},
	Case{
		ID: "AUTH-payload-wildcard-default",
		Run: func(t *T) {
			for _, kind := range []string{"", "exact", "urlpattern"} {
				t.payloads([]any{t.paying(1, Matcher(kind, "*"))},
					payloadRow{"match", "http://[" + t.run, 1}, payloadRow{"match", t.run, 1},
					payloadRow{"match_urlpattern", t.Topic("*"), 1})
			}
		},
	},
)

// A payloadRow is a subscription and the number in its payload, 0 for none.
type payloadRow struct {
	name, matcher string
	want          int
}

// paying is a detail that grants reading, with a number in its payload.
func (t *T) paying(n int, topics ...any) Claims {
	return Detail([]string{"subscribe"}, topics...).With("payload", Claims{"n": n})
}

// payloads subscribes with a token that has these details and asserts the
// payload of each subscription, in the event and in the API.
func (t *T) payloads(details []any, rows ...payloadRow) {
	o, token, api := t.observe(), t.mint(Subscriber, details...), t.hasAPI()
	for _, row := range rows {
		what := row.name + "=" + row.matcher + " with a token that has " + short(inJSON(details))
		_, c := o.begins(Request{Query: Form(row.name, row.matcher), Token: token})
		var want any
		if row.want > 0 {
			want = Claims{"n": row.want}
		}
		t.samePayload(what, c.doc, want)
		if api {
			t.samePayload(what+", in the API", t.listed(c.text("id")), want)
		}
	}
}

func fromJSON(s string) (v any) {
	if json.Unmarshal([]byte(s), &v) != nil {
		return nil
	}
	return v
}
