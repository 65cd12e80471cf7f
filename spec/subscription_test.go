package spec

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// oneID is the subscriber of the drafts' examples.
var oneID = SubscriberID{0xbb, 0x3d, 0xe2, 0x68, 0x05, 0xb0, 0x4c, 0x65, 0xb4, 0x4e, 0x8f, 0x9a, 0xce, 0xfc, 0x29, 0xd6}

const oneIDText = "urn:uuid:bb3de268-05b0-4c65-b44e-8f9acefc29d6"

func current(t testing.TB, matchType, value string) *Selector {
	t.Helper()
	s, err := ParseMatcher(matchType, value, UnnamedBase())
	if err != nil {
		t.Fatalf("ParseMatcher(%q, %q): %v", matchType, value, err)
	}
	return s
}

func legacy(t testing.TB, value string) *Selector {
	t.Helper()
	s, err := ParseTopicSelector(value)
	if err != nil {
		t.Fatalf("ParseTopicSelector(%q): %v", value, err)
	}
	return s
}

// subscribed makes the subscriptions of one connection, all with a payload.
func subscribed(t testing.TB, payload string, selectors ...*Selector) []*Subscription {
	t.Helper()
	made, err := NewSubscriptions(oneID, selectors, func(string) (json.RawMessage, bool) {
		return json.RawMessage(payload), payload != ""
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestSubscriptionTopic(t *testing.T) {
	const id = "/urn%3Auuid%3Abb3de268-05b0-4c65-b44e-8f9acefc29d6"
	for _, c := range []struct {
		rule     string
		selector *Selector
		current  string
		legacy   string
	}{
		{"SUBS-topic", current(t, "", "https://e.x/a"), "exact/https%3A%2F%2Fe.x%2Fa", "https%3A%2F%2Fe.x%2Fa"},
		{"SUBS-topic-match-type", current(t, "urlpattern", "https://e.x/:id"), "urlpattern/https%3A%2F%2Fe.x%2F%3Aid", "https%3A%2F%2Fe.x%2F%3Aid"},
		{"SUBS-topic-encoding", current(t, "", "*"), "exact/%2A", "%2A"},
		{"SUBS-topic-encoding", current(t, "", "a b+c@d:e"), "exact/a%20b%2Bc%40d%3Ae", "a%20b%2Bc%40d%3Ae"},
		{"SUBS-topic-encoding", current(t, "", "é"), "exact/%C3%A9", "%C3%A9"},
		{"SUBS-topic-encoding", current(t, "", "-._~"), "exact/-._~", "-._~"},
		{"SUBS-topic-encode-once", current(t, "", "https://e.x/%7Ea"), "exact/https%3A%2F%2Fe.x%2F%257Ea", "https%3A%2F%2Fe.x%2F%257Ea"},
		{"SUBS-0x-topic", legacy(t, "https://e.x/{id}"), "uritemplate/https%3A%2F%2Fe.x%2F%7Bid%7D", "https%3A%2F%2Fe.x%2F%7Bid%7D"},
		{"differences C7", legacy(t, "https://e.x/a"), "exact/https%3A%2F%2Fe.x%2Fa", "https%3A%2F%2Fe.x%2Fa"},
		{"differences C7", legacy(t, "*"), "exact/%2A", "%2A"},
	} {
		s := subscribed(t, "", c.selector)[0]
		if got, want := s.Topic(Current, "/app/hub"), "/app/hub/subscriptions/"+c.current+id; got != want {
			t.Errorf("%s: in 1.0\n\tgot  %s\n\twant %s", c.rule, got, want)
		}
		if got, want := s.Topic(Legacy, WellKnownPath), "/.well-known/mercure/subscriptions/"+c.legacy+id; got != want {
			t.Errorf("%s: in 0.x\n\tgot  %s\n\twant %s", c.rule, got, want)
		}
	}
}

func TestSubscriptionDocument(t *testing.T) {
	pattern := current(t, "urlpattern", "https://example.com/:selector")
	template := legacy(t, "https://example.com/{selector}")
	const path = `"/.well-known/mercure/subscriptions/`
	const subscriber = `/urn%3Auuid%3Abb3de268-05b0-4c65-b44e-8f9acefc29d6",`
	for _, c := range []struct {
		name string
		of   *Subscription
		in   Generation
		want string
	}{
		{name: "1.0, the draft's example", of: subscribed(t, ` {"foo": "bar"} `, pattern)[0], in: Current,
			want: `{"id":` + path + `urlpattern/https%3A%2F%2Fexample.com%2F%3Aselector` + subscriber +
				`"type":"subscription","match_type":"urlpattern","match":"https://example.com/:selector",` +
				`"subscriber":"` + oneIDText + `","active":true,"payload":{"foo":"bar"}}`},
		{name: "0.x, the draft's example", of: subscribed(t, `{"foo":"bar"}`, template)[0], in: Legacy,
			want: `{"@context":"https://mercure.rocks/","id":` + path + `https%3A%2F%2Fexample.com%2F%7Bselector%7D` + subscriber +
				`"type":"Subscription","topic":"https://example.com/{selector}",` +
				`"subscriber":"` + oneIDText + `","active":true,"payload":{"foo":"bar"}}`},
		{name: "SUBS-doc-active", of: subscribed(t, "", current(t, "", "a"))[0].Ended(), in: Current,
			want: `{"id":` + path + `exact/a` + subscriber + `"type":"subscription","match_type":"exact","match":"a",` +
				`"subscriber":"` + oneIDText + `","active":false}`},
		{name: "AUTH-0x-payload: any JSON value", of: subscribed(t, `null`, legacy(t, "a"))[0], in: Legacy,
			want: `{"@context":"https://mercure.rocks/","id":` + path + `a` + subscriber +
				`"type":"Subscription","topic":"a","subscriber":"` + oneIDText + `","active":true,"payload":null}`},
		{name: "differences C7: in 1.0 an object alone", of: subscribed(t, `[1]`, legacy(t, "a"))[0], in: Current,
			want: `{"id":` + path + `exact/a` + subscriber + `"type":"subscription","match_type":"exact","match":"a",` +
				`"subscriber":"` + oneIDText + `","active":true}`},
		{name: "SUBS-doc-match: raw", of: subscribed(t, "", current(t, "", `<a href="b\c">&`))[0], in: Current,
			want: `{"id":` + path + `exact/%3Ca%20href%3D%22b%5Cc%22%3E%26` + subscriber +
				`"type":"subscription","match_type":"exact","match":"\u003ca href=\"b\\c\"\u003e\u0026",` +
				`"subscriber":"` + oneIDText + `","active":true}`},
	} {
		if got := string(c.of.AppendDocument(nil, c.in, WellKnownPath)); got != c.want {
			t.Errorf("%s:\n\tgot  %s\n\twant %s", c.name, got, c.want)
		}
	}
}

func TestSubscriptionSingle(t *testing.T) {
	s := subscribed(t, "", current(t, "", "a"))[0]
	if got, want := s.AppendSingle(nil, Current, WellKnownPath, "x"), s.AppendDocument(nil, Current, WellKnownPath); !bytes.Equal(got, want) {
		t.Errorf("SUBS-api-single: got %s, want the event's document: %s", got, want)
	}
	var event, single map[string]any
	decode(t, s.AppendDocument(nil, Legacy, WellKnownPath), &event)
	decode(t, s.AppendSingle(nil, Legacy, WellKnownPath, `urn:"x"`), &single)
	event["lastEventID"] = `urn:"x"`
	if !reflect.DeepEqual(single, event) {
		t.Errorf("SUBS-0x-api-single: got %v, want the event's document with the cursor: %v", single, event)
	}
}

func decode(t testing.TB, document []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(document, into); err != nil {
		t.Fatalf("%s: %v", document, err)
	}
}

func TestSubscriptionCollection(t *testing.T) {
	all := subscribed(t, `{"n":1}`, current(t, "", "a"), current(t, "urlpattern", "a"), current(t, "", "b"))
	var empty map[string]any
	decode(t, AppendSubscriptions(nil, Current, "/hub", "/hub/subscriptions", "x", slices.Values(all[:0])), &empty)
	if want := map[string]any{"id": "/hub/subscriptions", "type": "subscriptions", "subscriptions": []any{}}; !reflect.DeepEqual(empty, want) {
		t.Errorf("SUBS-api-collection-items: got %v, want %v", empty, want)
	}
	for _, c := range []struct {
		rule    string
		in      Generation
		members map[string]any
		items   []*Subscription
	}{
		{"SUBS-api-collection", Current, map[string]any{"id": "/p", "type": "subscriptions"}, all},
		{"SUBS-0x-api-collection", Legacy, map[string]any{"@context": "https://mercure.rocks/", "id": "/p", "type": "Subscriptions",
			"lastEventID": "x"}, []*Subscription{all[0], all[2]}},
	} {
		var got map[string]any
		decode(t, AppendSubscriptions(nil, c.in, WellKnownPath, "/p", "x", slices.Values(all)), &got)
		items := []any{}
		for _, s := range c.items {
			var item map[string]any
			decode(t, s.AppendDocument(nil, c.in, WellKnownPath), &item)
			delete(item, "@context")
			items = append(items, item)
		}
		c.members["subscriptions"] = items
		if !reflect.DeepEqual(got, c.members) {
			t.Errorf("%s:\n\tgot  %v\n\twant %v", c.rule, got, c.members)
		}
	}
}

func TestNewSubscriptionsIsASet(t *testing.T) {
	made := subscribed(t, "", current(t, "", "a"), current(t, "exact", "a"), current(t, "urlpattern", "a"),
		current(t, "", "*"), current(t, "urlpattern", "*"))
	type seen struct {
		matchType, match string
		inLegacy         bool
	}
	var got []seen
	for _, s := range made {
		if !s.Active() || !s.Shows(Current) || s.Subscriber() != oneID {
			t.Errorf("%+v: want it active, of %v, and in 1.0", s, oneID)
		}
		got = append(got, seen{s.MatchType(), s.Match(), s.Shows(Legacy)})
	}
	want := []seen{{"exact", "a", true}, {"urlpattern", "a", false}, {"exact", "*", true}, {"urlpattern", "*", false}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: one for each type and string, and in 0.x one for each string (differences C7)", got, want)
	}
}

func TestNewSubscriptionsRefusesPayloads(t *testing.T) {
	for _, payload := range []string{"{", `{"a":1}}`, "\"\xff\""} {
		made, err := NewSubscriptions(oneID, []*Selector{current(t, "", "a")}, func(string) (json.RawMessage, bool) {
			return json.RawMessage(payload), true
		})
		if err == nil {
			t.Errorf("payload %q: got %v, want an error: it would break every document it is part of", payload, made)
		}
	}
}

func TestSubscriptionBinaryForm(t *testing.T) {
	s := subscribed(t, `{"n":1}`, current(t, "", "é"), current(t, "urlpattern", "é"))[1]
	want := "\x01\x07\x02" + string(oneID[:]) + "\x02é" + `{"n":1}`
	if got := string(s.AppendBinary([]byte("before"))); got != "before"+want {
		t.Errorf("got  %q\nwant %q: histories already on disk are in this form", got, want)
	}
	id := string(oneID[:])
	for name, b := range map[string]string{
		"nothing":                 "",
		"no subscriber":           "\x01\x00\x01",
		"no length":               "\x01\x00\x01" + id,
		"another version":         "\x02\x00\x01" + id + "\x01a",
		"unknown flag":            "\x01\x08\x01" + id + "\x01a",
		"no matcher type":         "\x01\x00\x00" + id + "\x01a",
		"unknown matcher type":    "\x01\x00\x04" + id + "\x01a",
		"match longer than rest":  "\x01\x00\x01" + id + "\x02a",
		"length not minimal":      "\x01\x00\x01" + id + "\x81\x00a",
		"payload not flagged":     "\x01\x00\x01" + id + "\x01a1",
		"flagged payload absent":  "\x01\x04\x01" + id + "\x01a",
		"payload that is no JSON": "\x01\x04\x01" + id + "\x01a" + `}, "active": true`,
		"payload not UTF-8":       "\x01\x04\x01" + id + "\x01a\"\xff\"",
	} {
		if s, err := ParseSubscription([]byte(b)); err == nil {
			t.Errorf("%s: ParseSubscription(%q) = %+v, want an error", name, b, s)
		}
	}
}

func TestSubscriberID(t *testing.T) {
	if got := oneID.String(); got != oneIDText {
		t.Errorf("got %s, want %s", got, oneIDText)
	}
	a, b := NewSubscriberID(), NewSubscriberID()
	if a == b {
		t.Error("SUBS-subscriber-distinct: two connections have the same id")
	}
	if s := a.String(); s[23] != '4' || !strings.Contains("89ab", s[28:29]) {
		t.Errorf("%s is no UUID of version 4", s)
	}
	for _, s := range []string{"", "urn:uuid:", strings.ToUpper(oneIDText), oneIDText[:44] + "g", oneIDText + "0", strings.Replace(oneIDText, "-", "0", 1)} {
		if id, ok := ParseSubscriberID(s); ok {
			t.Errorf("ParseSubscriberID(%q) = %v, want it refused", s, id)
		}
	}
	if id, ok := ParseSubscriberID(oneIDText); !ok || id != oneID {
		t.Errorf("ParseSubscriberID(%q) = %v, %v", oneIDText, id, ok)
	}
}

func TestParseSubscriptionPath(t *testing.T) {
	const hub = WellKnownPath
	no := SubscriptionQuery{}
	for _, c := range []struct {
		path            string
		current, legacy SubscriptionQuery
		isCurrent, isLe bool
	}{
		{path: "", isCurrent: true, isLe: true},
		{path: "x"},
		{path: "/", legacy: SubscriptionQuery{ByMatch: true}, isLe: true},
		{path: "/a", legacy: SubscriptionQuery{ByMatch: true, Match: "a"}, isLe: true},
		{path: "/exact/X", isCurrent: true, isLe: true,
			current: SubscriptionQuery{ByMatch: true, MatchType: "exact", Match: "X"},
			legacy:  SubscriptionQuery{ByMatch: true, Match: "exact", Single: true, Subscriber: "X"}},
		{path: "/exact/https%3A%2F%2Fe.x%2F{a}%257E/urn%3Ax", isCurrent: true,
			current: SubscriptionQuery{ByMatch: true, MatchType: "exact", Match: "https://e.x/{a}%7E", Single: true, Subscriber: "urn:x"}},
		{path: "/exact//", isCurrent: true, current: SubscriptionQuery{ByMatch: true, MatchType: "exact", Single: true}},
		{path: "/a/b/c/d"},
		{path: "/a%2", current: no, legacy: no},
		{path: "/a+b", legacy: SubscriptionQuery{ByMatch: true, Match: "a+b"}, isLe: true},
	} {
		got, ok := ParseSubscriptionPath(Current, hub, SubscriptionsPath(hub)+c.path)
		if ok != c.isCurrent || got != c.current {
			t.Errorf("SUBS-api-paths: %q in 1.0: got %+v, %v, want %+v, %v", c.path, got, ok, c.current, c.isCurrent)
		}
		got, ok = ParseSubscriptionPath(Legacy, hub, SubscriptionsPath(hub)+c.path)
		if ok != c.isLe || got != c.legacy {
			t.Errorf("SUBS-0x-api-paths: %q in 0.x: got %+v, %v, want %+v, %v", c.path, got, ok, c.legacy, c.isLe)
		}
	}
}

// What is stored comes back the same, its documents are JSON, and its topics
// lead back to it.
func FuzzSubscription(f *testing.F) {
	f.Add("https://e.x/{id}", `{"a":1}`, uint8(0), false)
	f.Add("%2F/..", `null`, uint8(1), true)
	f.Add("\xff\x00\"\n", ``, uint8(2), false)
	f.Fuzz(func(t *testing.T, match, payload string, kind uint8, ended bool) {
		var selector *Selector
		var err error
		switch kind % 4 {
		case 0:
			selector, err = ParseTopicSelector(match)
		case 1:
			selector, err = ParseMatcher(MatchExact, match, UnnamedBase())
		case 2:
			selector, err = ParseMatcher(MatchPattern, match, UnnamedBase())
		case 3:
			selector, err = ParseMatcher(MatchTemplate, match, UnnamedBase())
		}
		if err != nil {
			return
		}
		made, err := NewSubscriptions(NewSubscriberID(), []*Selector{selector}, func(string) (json.RawMessage, bool) {
			return json.RawMessage(payload), payload != ""
		})
		if err != nil {
			return
		}
		s := made[0]
		if ended {
			s = s.Ended()
		}
		again, err := ParseSubscription(s.AppendBinary(nil))
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("%+v came back as %+v, %v", s, again, err)
		}
		for _, g := range []Generation{Legacy, Current} {
			topic := s.Topic(g, WellKnownPath)
			q, ok := ParseSubscriptionPath(g, WellKnownPath, topic)
			want := SubscriptionQuery{ByMatch: true, Match: match, Single: true, Subscriber: s.Subscriber().String()}
			if g == Current {
				want.MatchType = s.MatchType()
			}
			if !ok || q != want {
				t.Errorf("%s in %s leads to %+v, %v, want %+v", topic, g, q, ok, want)
			}
			var document map[string]any
			decode(t, s.AppendDocument(nil, g, WellKnownPath), &document)
			if document["id"] != topic {
				t.Errorf("SUBS-doc-id, SUBS-0x-doc-id: id is %v, the topic %s", document["id"], topic)
			}
		}
	})
}

// Any bytes that are accepted are the one form of what they were read as, and
// break no document.
func FuzzParseSubscription(f *testing.F) {
	f.Add([]byte("\x01\x07\x02" + string(oneID[:]) + "\x01a" + `{"n":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSubscription(b)
		if err != nil {
			return
		}
		if again := s.AppendBinary(nil); !bytes.Equal(again, b) {
			t.Errorf("%q is also written %q", b, again)
		}
		for _, g := range []Generation{Legacy, Current} {
			if document := s.AppendDocument(nil, g, WellKnownPath); !json.Valid(document) {
				t.Errorf("%q is shown in %s as %q", b, g, document)
			}
		}
	})
}

func BenchmarkSubscriptionDocument(b *testing.B) {
	s := subscribed(b, `{"foo":"bar"}`, current(b, "", "https://example.com/books/1"))[0]
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		s.AppendDocument(dst, Current, WellKnownPath)
	}
}
