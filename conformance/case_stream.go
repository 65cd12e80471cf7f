package main

import (
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
)

// streamCases: the event stream.
var streamCases = slices.Concat(streamResponseCases, streamEventCases, streamDataCases, streamEndCases)

// prompt is what counts as at once. A hub may be slow now and then, because
// its machine is: it is judged by the median of five.
const prompt = time.Second

// wantPrompt asserts that something takes no longer than [prompt], in the
// median of five.
func (t *T) wantPrompt(what string, do func()) {
	var took []time.Duration
	for range 5 {
		start := time.Now()
		do()
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	if median := took[len(took)/2]; median > prompt {
		t.Errorf("%s took %v in the median of five, want at most %v", what, median, prompt)
	}
}

// streamResponseCases: the response that carries the stream.
var streamResponseCases = []Case{
	{
		ID:    "SSE-content-type",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			resp := t.send(Request{Query: t.Topics(t.Topic("a"))})
			resp.Body.Close()
			t.WantStatus("a subscribe request", &Answer{Status: resp.StatusCode}, 200)
			field := resp.Header.Get("Content-Type")
			media, params, err := mime.ParseMediaType(field)
			if err != nil || media != "text/event-stream" {
				t.Errorf("Content-Type %q, want text/event-stream", field)
			}
			if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
				t.Errorf("Content-Type %q, want no charset but utf-8", field)
			}
			delete(params, "charset")
			if len(params) > 0 {
				t.Errorf("Content-Type %q, want no parameter but charset: there are %q", field, slices.Sorted(maps.Keys(params)))
			}
		},
	},
	{
		ID:    "SSE-headers-at-once",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			query := t.Topics(t.Topic("silent"))
			t.wantPrompt("the headers of a stream without events", func() { t.Open(Request{Query: query}).Close() })
		},
	},
	{
		ID:    "SSE-flush-events",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe("", topic)
			t.wantPrompt("publishing and receiving a small update", func() {
				s.Want("a small update", t.Publish("topic", topic, "data", "x"))
			})
		},
	},
	{
		ID:    "SSE-204-stops",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			last := t.Publish("topic", topic)
			for _, query := range []string{
				t.Topics(t.Topic("silent")),
				t.Topics(topic) + "&" + Form(t.CursorParam(), last),
				t.Topics(topic) + "&" + Form(t.CursorParam(), "urn:x:unknown:"+t.run),
				t.Topics(t.Topic("silent")) + "&" + Form(t.CursorParam(), "earliest"),
			} {
				t.WantStatus("GET H?"+query, t.Do(Request{Query: query}), 200)
			}
			resumed := t.Do(Request{Query: t.Topics(topic), Header: http.Header{"Last-Event-ID": {last}}})
			t.WantStatus("a subscribe request with Last-Event-ID and nothing to replay", resumed, 200)
		},
	},
	{
		ID:    "SSE-redirect",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic, at := t.Topic("a"), t
			for range 5 {
				resp := at.send(Request{Query: t.Topics(topic)})
				resp.Body.Close()
				if resp.StatusCode < 300 || resp.StatusCode > 399 {
					break
				}
				to, err := resp.Location()
				if err != nil {
					t.Fatalf("a subscribe request: status %d without a Location to follow: %v", resp.StatusCode, err)
				}
				at = t.at(to)
			}
			s := at.Open(Request{Query: t.Topics(topic)})
			s.Want("a stream where the hub redirects to", t.Publish("topic", topic))
		},
	},
	{
		ID:    "SSE-error-status",
		Needs: []Need{Variant("closed"), Anonymous},
		Run: func(t *T) {
			query := t.Topics(t.Topic("a"))
			refused := func(what string, a *Answer) {
				t.WantStatus(what, a, 401)
				if ct := a.Header.Get("Content-Type"); strings.HasPrefix(ct, "text/event-stream") {
					t.Errorf("%s: the body is %s, want one that is no stream", what, ct)
				}
			}
			closed := t.On("closed")
			refused("subscribing without a token where one is needed", closed.Do(Request{Query: query}))
			refused("subscribing with a token that is none where one is needed", closed.Do(Request{Query: query, Token: "x.y.z"}))
			refused("subscribing with a token that is none", t.Do(Request{Query: query, Token: "x.y.z"}))
		},
	},
}
