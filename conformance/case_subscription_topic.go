package main

import (
	"strings"
)

// eventTopicCases: topics of subscription events. The id of the document is the
// topic; that it is one is seen where a stream is opened on it.
var eventTopicCases = ifThere((*T).hasPresence,
	Case{
		ID: "SUBS-topic",
		Run: func(t *T) {
			for name, matcher := range map[string]string{"match": t.Topic("a"), "match_urlpattern": t.Topic(":id")} {
				kind := "exact"
				if name != "match" {
					kind = "urlpattern"
				}
				t.wantTopic(Form(name, matcher), kind, matcher)
			}
		},
	},
	Case{
		ID:  "SUBS-0x-topic",
		Run: func(t *T) { t.wantTopic(Form("topic", t.Topic("{id}")), "", t.Topic("{id}")) },
	},
	Case{
		ID:    "SUBS-topic-custom-path",
		Needs: []Need{Variant("custom_path")},
		Run: func(t *T) {
			v := t.On("custom_path")
			_, created := v.observe().subscribes(t.Topic("a"))
			if want := v.hubPath() + "/subscriptions/"; !strings.HasPrefix(created[0].text("id"), want) {
				t.Errorf("the id of a subscription of a hub at %s is %q, want it to begin with %s", v.hubPath(), created[0].text("id"), want)
			}
		},
	},
	Case{
		ID: "SUBS-topic-match-type",
		Run: func(t *T) {
			o := t.observe()
			for name, want := range map[string]string{"match": "exact", "match_exact": "exact", "match_urlpattern": "urlpattern"} {
				_, c := o.begins(Request{Query: Form(name, t.Topic("a")), Token: t.SubscriberToken()})
				if got := t.segments(c)[0]; got != want {
					t.Errorf("%s: the type in the topic is %q, want %q", name, got, want)
				}
			}
		},
	},
	Case{
		ID: "SUBS-topic-encoding",
		Run: func(t *T) {
			o := t.observe()
			for matcher, want := range map[string]string{
				"*":                       "%2A",
				"a b+c@d:e":               "a%20b%2Bc%40d%3Ae",
				"é":                       "%C3%A9",
				"-._~09azAZ":              "-._~09azAZ",
				"!#$&'()*,/;=?[]":         "%21%23%24%26%27%28%29%2A%2C%2F%3B%3D%3F%5B%5D",
				`"<>\^` + "`{|}":          "%22%3C%3E%5C%5E%60%7B%7C%7D",
				"https://e.x/a?b=c&d=é#f": "https%3A%2F%2Fe.x%2Fa%3Fb%3Dc%26d%3D%C3%A9%23f",
			} {
				o.wantSegment("match", matcher, want)
			}
		},
	},
	Case{
		ID: "SUBS-topic-encode-once",
		Run: func(t *T) {
			o := t.observe()
			o.wantSegment("match", "https://e.x/%7Ea", "https%3A%2F%2Fe.x%2F%257Ea")
			o.wantSegment("match", "100%", "100%25")
		},
	},
	Case{
		ID: "SUBS-topic-no-double",
		Run: func(t *T) {
			_, created := t.observe().subscribes("urn:x:" + t.run)
			if id := created[0].text("id"); strings.Contains(id, "%25") {
				t.Errorf("the id of a subscription to what holds no percent sign is %q, want it encoded once", id)
			}
		},
	},
	Case{
		ID: "SUBS-0x-topic-encoding",
		Run: func(t *T) {
			_, created := t.observe().subscribes(t.Topic("{id}/a,b@c d"))
			for _, segment := range t.segments(created[0]) {
				if strings.ContainsAny(segment, ":/?#[]@!$&'()*+,;={} ") {
					t.Errorf("a segment of the id %q holds a raw reserved character: %q", created[0].text("id"), segment)
				}
			}
		},
	},
)

// segments returns the parts of the id of a subscription, as they are written:
// type (1.0), matcher and subscriber.
func (t *T) segments(c change) []string {
	below, ok := strings.CutPrefix(c.text("id"), t.hubPath()+"/subscriptions/")
	parts, want := strings.Split(below, "/"), 3
	if t.Legacy() {
		want = 2
	}
	if !ok || len(parts) != want {
		t.Fatalf("the id of a subscription is %q, want %s/subscriptions/ and %d segments", c.text("id"), t.hubPath(), want)
	}
	return parts
}

// wantSegment asserts how a matcher is written in the topic.
func (o *observer) wantSegment(name, matcher, want string) {
	c := o.matching(name, matcher)
	if got := o.t.segments(c)[1]; got != want {
		o.t.Errorf("the matcher %q: its segment in the topic is %q, want %q", matcher, got, want)
	}
}

// wantTopic asserts the topic of the events of a subscription: a stream on it
// gets the next one.
func (t *T) wantTopic(query, kind, matcher string) {
	o := t.observe()
	s, c := o.begins(Request{Query: query, Token: t.SubscriberToken()})
	want := t.subscriptionPath(kind, matcher, c.text("subscriber"))
	if got := c.text("id"); got != want {
		t.Errorf("the id of a subscription by %s is %q, want %q", query, got, want)
		return
	}
	o.stream.t.follows(want, s)
}

// follows asserts that a stream on the topic of a subscription gets the event
// of its end.
func (t *T) follows(topic string, s *Stream) {
	on := t.Subscribe(t.SubscriberToken(), topic)
	s.Close()
	if e := on.Next(); !strings.Contains(e.Data, "false") {
		t.Errorf("a stream on %s got %s, want the event that says that the subscription ended", topic, short(e.Data))
	}
}
