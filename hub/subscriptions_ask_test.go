package hub_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
)

const subscriptionsPath = spec.WellKnownPath + "/subscriptions"

// present is a hub that tells who listens, and tokens to ask it.
type present struct {
	*hubtest.Hub
	t      testing.TB
	tokens map[spec.Generation]string
}

func newPresent(t testing.TB, changes ...func(*hub.Config)) *present {
	t.Helper()
	h := hubtest.Start(t, append([]func(*hub.Config){func(c *hub.Config) { c.Subscriptions = true }}, changes...)...)
	return &present{h, t, map[spec.Generation]string{
		spec.Legacy:  h.Sign(hubtest.Token{Subscribe: []string{"*"}}),
		spec.Current: h.Sign(hubtest.Token{Generation: spec.Current, Subscribe: []string{"*"}}),
	}}
}

// A listing is an answer of the subscription API.
type listing struct {
	status int
	header http.Header
	body   string
	doc    map[string]any
}

// ask sends a request for a path, with its query, to the API.
func (p *present) ask(g spec.Generation, path string, header ...string) listing {
	p.t.Helper()
	target, err := url.ParseRequestURI(path)
	if err != nil {
		p.t.Fatal(err)
	}
	r := p.Request(http.MethodGet, "", nil)
	r.URL.Path, r.URL.RawPath, r.URL.RawQuery = target.Path, target.RawPath, target.RawQuery
	r.Header.Set("Authorization", "Bearer "+p.tokens[g])
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := p.exchange(r)
	if w.status == http.StatusOK {
		if err := json.Unmarshal([]byte(w.body), &w.doc); err != nil {
			p.t.Fatalf("%s: %v", w.body, err)
		}
	}
	return w
}

func (p *present) exchange(r *http.Request) listing {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), hubtest.Patience)
	defer cancel()
	answer, err := p.Client.Do(r.WithContext(ctx))
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return listing{status: answer.StatusCode, header: answer.Header, body: string(body)}
}

var cursorAttribute = regexp.MustCompile(`; last-event-id="([^"]*)"`)

// cursor is what a listing says to go on from.
func (l listing) cursor(t testing.TB, g spec.Generation) string {
	t.Helper()
	if g == spec.Legacy {
		s, _ := l.doc["lastEventID"].(string)
		return s
	}
	match := cursorAttribute.FindStringSubmatch(l.header.Get("Link"))
	if match == nil {
		t.Fatalf("SUBS-api-cursor: no cursor in Link %q", l.header.Values("Link"))
	}
	return match[1]
}

// ids returns the ids of the subscriptions listed, sorted.
func (l listing) ids(t testing.TB) []string {
	t.Helper()
	items, ok := l.doc["subscriptions"].([]any)
	if !ok {
		t.Fatalf("no list of subscriptions in %s", l.body)
	}
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.(map[string]any)["id"].(string)
	}
	slices.Sort(ids)
	return ids
}

// watch opens a stream that is told of everybody's subscriptions, its own
// included, from a cursor on.
func (p *present) watch(g spec.Generation, cursor string) *hubtest.Stream {
	p.t.Helper()
	query := url.Values{"match_urlpattern": {subscriptionsPath + "/:type/:match/:subscriber"}, "last_event_id": {cursor}}
	if g == spec.Legacy {
		query = url.Values{"topic": {subscriptionsPath + "{/topic}{/subscriber}"}, "lastEventID": {cursor}}
	}
	return p.Subscribe(query.Encode(), p.tokens[g])
}

// A change is a subscription event, read.
type change struct {
	hubtest.Event
	doc map[string]any
}

func nextChange(t testing.TB, s *hubtest.Stream) change {
	t.Helper()
	c := change{Event: s.Next()}
	if err := json.Unmarshal([]byte(c.Data), &c.doc); err != nil {
		t.Fatalf("SUBS-doc-json: %q: %v", c.Data, err)
	}
	return c
}

// nextOf returns the next change of somebody else's subscription.
func nextOf(t testing.TB, s *hubtest.Stream) change {
	t.Helper()
	for {
		c := nextChange(t, s)
		shown, _ := c.doc["match"].(string)
		if topic, ok := c.doc["topic"].(string); ok {
			shown = topic
		}
		if !strings.HasPrefix(shown, subscriptionsPath) {
			return c
		}
	}
}

func withPayload(g spec.Generation, payload any) func(header, claims map[string]any) {
	return func(_, claims map[string]any) {
		if g == spec.Legacy {
			claims["mercure"].(map[string]any)["payload"] = payload
			return
		}
		for _, detail := range claims["authorization_details"].([]any) {
			detail.(map[string]any)["payload"] = payload
		}
	}
}

// wait asks again and again until something is so.
func wait(t testing.TB, so func() bool, otherwise string) {
	t.Helper()
	for until := time.Now().Add(hubtest.Patience); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal(otherwise)
		}
	}
}
