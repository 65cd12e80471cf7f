package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// subscribeCases: the subscribe request, and what it subscribes to.
var subscribeCases = slices.Concat(subscribeMethodCases, subscribeBodyCases, subscribeNameCases, subscribeValueCases, subscribeRouteCases)

// subscribeMethodCases: methods of the hub URL.
var subscribeMethodCases = []Case{
	{
		ID:    "SUB-get",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe("", topic)
			s.Want("a stream opened by GET stays open", t.Publish("topic", topic), t.Publish("topic", topic))
		},
	},
	{
		ID:    "SUB-allow-405",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			query := t.Do(Request{Method: "QUERY", Form: Form("match", t.Topic("a"))}).Status == http.StatusOK
			for _, method := range []string{"DELETE", "PUT", "PATCH"} {
				a := t.Do(Request{Method: method})
				t.WantStatus(method+" H", a, 405)
				methods := allowed(a)
				for _, want := range []string{"GET", "POST"} {
					if !slices.Contains(methods, want) {
						t.Errorf("%s H: Allow names %q, want %s among them", method, methods, want)
					}
				}
				if !t.Legacy() && slices.Contains(methods, "QUERY") != query {
					t.Errorf("%s H: Allow names %q; a QUERY opens a stream: %v", method, methods, query)
				}
			}
		},
	},
	{
		ID:    "SUB-safe-body-method",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			resp := t.send(Request{Method: "QUERY", Form: Form("match", t.Topic("a"))})
			defer resp.Body.Close()
			a := &Answer{Status: resp.StatusCode}
			t.WantStatus("QUERY H", a, 200, 405)
			if ct := resp.Header.Get("Content-Type"); a.Status == 200 && !strings.HasPrefix(ct, "text/event-stream") {
				t.Errorf("QUERY H: Content-Type %q, want text/event-stream", ct)
			}
		},
	},
}

// subscribeBodyCases: parameters in the body.
var subscribeBodyCases = []Case{
	{
		ID:      "SUB-body-form-encoded",
		Needs:   []Need{Anonymous},
		Applies: offersQuery,
		Run: func(t *T) {
			form := Form("match", t.Topic("a"))
			for _, body := range []string{`{"match":"` + t.Topic("a") + `"}`, form} {
				a := t.Do(Request{Method: "QUERY", Body: body, Type: "application/json"})
				if a.Status < 400 || a.Status > 499 {
					t.Errorf("QUERY H with Content-Type application/json and %s: status %d, want 415 or 400", short(body), a.Status)
				}
			}
			t.WantStatus("QUERY H without Content-Type", t.Do(Request{Method: "QUERY", Body: form, Type: "-"}), 400)
			t.WantStatus("QUERY H with a form", t.Do(Request{Method: "QUERY", Form: form}), 200)
		},
	},
	{
		ID:      "SUB-body-same-rules",
		Needs:   []Need{Anonymous},
		Applies: offersQuery,
		Run: func(t *T) {
			for _, form := range []string{
				"Match=T", "match_foo=T", "match=T&matchmaker=1", "match=T&m%61tch-x=1", "match=T&match_URLPattern=T",
				"match=a%00b", "match=a%7F", "match=a%C2%80", "match=a%E2%80%8Bb", "match=%FF", "match_urlpattern=https://e.x/(",
			} {
				t.WantStatus("QUERY H with body "+form, t.Do(Request{Method: "QUERY", Form: form}), 400)
				t.WantStatus("QUERY H?match=T with body "+form, t.Do(Request{Method: "QUERY", Query: "match=T", Form: form}), 400)
			}
		},
	},
	{
		ID:      "SUB-body-union",
		Needs:   []Need{Anonymous},
		Applies: offersQuery,
		Run: func(t *T) {
			a, b, c := t.Topic("a"), t.Topic("b"), t.Topic("c")
			s := t.Open(Request{Method: "QUERY", Query: Form("match", a), Form: Form("match", b)})
			s.Routes("QUERY H?match=T with body match=U", a, []string{a, b}, []string{c})
		},
	},
	{
		ID:      "SUB-body-cursor",
		Needs:   []Need{Anonymous},
		Applies: offersQuery,
		Run: func(t *T) {
			topic, ids := t.published(3)
			s := t.Open(Request{Method: "QUERY", Form: Form("match", topic, "last_event_id", ids[0])})
			s.wantCursor("last_event_id in the body", ids[0])
			s.OnlyThen("last_event_id in the body", topic, ids[1:]...)
		},
	},
	{
		ID:      "SUB-body-cursor-query-wins",
		Needs:   []Need{Anonymous},
		Applies: offersQuery,
		Run: func(t *T) {
			topic, ids := t.published(3)
			s := t.Open(Request{
				Method: "QUERY", Query: Form("last_event_id", ids[1]), Form: Form("match", topic, "last_event_id", ids[0]),
			})
			s.wantCursor("last_event_id in query and body", ids[1])
			s.OnlyThen("last_event_id in query and body", topic, ids[2:]...)
		},
	},
	{
		ID:      "SUB-body-cursor-header-wins",
		Needs:   []Need{Anonymous},
		Applies: offersQuery,
		Run: func(t *T) {
			topic, ids := t.published(4)
			s := t.Open(Request{
				Method: "QUERY", Query: Form("last_event_id", ids[1]), Form: Form("match", topic, "last_event_id", ids[0]),
				Header: http.Header{"Last-Event-Id": {ids[2]}},
			})
			s.wantCursor("Last-Event-ID beside last_event_id in query and body", ids[2])
			s.OnlyThen("Last-Event-ID beside last_event_id in query and body", topic, ids[3:]...)
		},
	},
}

// published publishes n updates on a topic and returns it and their ids.
func (t *T) published(n int) (topic string, ids []string) {
	topic = t.Topic("history")
	for range n {
		ids = append(ids, t.Publish("topic", topic))
	}
	return topic, ids
}

// advertises reports whether the protected resource metadata name a matcher
// type.
func (t *T) advertises(matchType string) bool {
	hub, err := url.Parse(t.Hub)
	if err != nil {
		return false
	}
	metadata := t.at(&url.URL{Scheme: hub.Scheme, Host: hub.Host})
	a := metadata.Do(Request{Path: "/.well-known/oauth-protected-resource" + hub.EscapedPath()})
	return a.Status == http.StatusOK && strings.Contains(a.Body, `"`+matchType+`"`)
}
