package hub_test

import (
	"net/url"
	"testing"

	"cinnabar/auth"
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
func TestReloadKeys(t *testing.T) {
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
		return h.ReloadKeys(c)
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
