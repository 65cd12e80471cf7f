package hub_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
)

func secretKey(t *testing.T, secret string) auth.Key {
	t.Helper()
	k, err := auth.ParseKey(secret, "")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Of the open streams only those end whose key or issuer was removed, and from
// the reload on they get nothing private.
func TestReload(t *testing.T) {
	h := hubtest.Start(t)
	reader := []string{"*"}
	legacy := h.Subscribe("topic=a", h.Sign(hubtest.Token{Subscribe: reader}))
	current := h.Subscribe("match=a", h.Sign(hubtest.Token{Generation: spec.Current, Subscribe: reader}))
	stranger := h.Subscribe("match=a", "")
	publisher := h.Config.PublisherKey

	reload := func(issuer string, subscriber auth.Key) error {
		c := h.Config
		c.Issuer, c.SubscriberKey = "", subscriber
		c.Issuers = []auth.Issuer{{ID: issuer, Publisher: publisher, Subscriber: h.Config.SubscriberKey}}
		return h.Reload(c)
	}
	private := url.Values{"topic": {"a"}, "private": {"on"}}

	// Nothing changes for anybody.
	if err := reload(hubtest.Issuer, h.Config.SubscriberKey); err != nil {
		t.Fatal(err)
	}
	id := h.Publish(private)
	for _, s := range []*hubtest.Stream{legacy, current} {
		if got := s.Next(); got.ID != id {
			t.Errorf("after a reload that changes nothing: event %q, want %q", got.ID, id)
		}
	}

	// A fault leaves everything as it is.
	if err := reload("", h.Config.SubscriberKey); err == nil {
		t.Error("an issuer without a name was accepted")
	}
	id = h.Publish(private)
	if got := current.Next(); got.ID != id {
		t.Errorf("after a refused reload: event %q, want %q", got.ID, id)
	}
	if got := legacy.Next(); got.ID != id {
		t.Errorf("after a refused reload: event %q, want %q", got.ID, id)
	}

	// The 0.x key is replaced: its streams end, the issuer's stay.
	if err := reload(hubtest.Issuer, secretKey(t, "another secret for subscribers, of 32 bytes")); err != nil {
		t.Fatal(err)
	}
	id = h.Publish(private)
	legacy.End()
	if got := current.Next(); got.ID != id {
		t.Errorf("another key was removed: event %q, want %q", got.ID, id)
	}

	// The issuer is replaced (AUTH-iss-checked).
	if err := reload("https://another.example", h.Config.SubscriberKey); err != nil {
		t.Fatal(err)
	}
	h.Publish(private)
	current.End()
	id = h.Publish(url.Values{"topic": {"a"}})
	if got := stranger.Next(); got.ID != id {
		t.Errorf("a subscriber without a token: event %q, want %q", got.ID, id)
	}
}

// What requests are judged by changes for those that come next; what was fixed
// at start stays, and nobody's stream ends (a reload of limits and origins).
func TestReloadLimits(t *testing.T) {
	h := hubtest.Start(t, func(c *hub.Config) { c.MaxMatchers, c.Heartbeat = 1, time.Hour })
	status := func(query string) int {
		got, _ := h.Do(h.Request(http.MethodHead, query, nil))
		return got
	}
	stays := h.Subscribe("topic=a", "")
	reload := func(change func(*hub.Config)) {
		t.Helper()
		c := h.Config
		change(&c)
		if err := h.Reload(c); err != nil {
			t.Fatal(err)
		}
	}
	if got := status("match=a&match=b"); got != http.StatusBadRequest {
		t.Errorf("two matchers: status %d, want 400", got)
	}

	// A limit of all streams, which two have open: the one that stays, and one more.
	reload(func(c *hub.Config) { c.MaxMatchers, c.MaxConnections, c.Overload = 2, 2, hub.OverloadStatus })
	second := h.Subscribe("match=a&match=b", "")
	if got, _ := h.Do(h.Request(http.MethodGet, "match=a", nil)); got != http.StatusTooManyRequests {
		t.Errorf("a third stream of two: status %d, want 429", got)
	}

	// Per address, which has those two.
	reload(func(c *hub.Config) { c.MaxConnectionsPerAddress, c.Overload = 3, hub.OverloadStatus })
	h.Subscribe("match=a", "")
	if got, _ := h.Do(h.Request(http.MethodGet, "match=a", nil)); got != http.StatusTooManyRequests {
		t.Errorf("a fourth stream of an address that may have three: status %d, want 429", got)
	}

	// Another audience would make every token another's: it stays.
	reload(func(c *hub.Config) {
		c.ResourceIdentifier, c.Generations, c.Anonymous = "https://elsewhere.example/hub", spec.Only(spec.Current), false
	})
	if got := status("match=a"); got != http.StatusUnauthorized {
		t.Errorf("a stranger where none are welcome any more: status %d, want 401", got)
	}
	id := h.Publish(url.Values{"topic": {"a"}})
	for _, s := range []*hubtest.Stream{stays, second} {
		if got := s.Next(); got.ID != id {
			t.Errorf("event %q, want %q", got.ID, id)
		}
	}

	if err := h.Reload(hub.Config{CORSOrigins: []string{"example.com"}}); err == nil {
		t.Error("an origin that is none was accepted")
	}
}
