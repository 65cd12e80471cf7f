package hub_test

import (
	"strings"
	"testing"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
	"cinnabar/store/memory"
)

// TestConfigFaults: each fault is found, together with all others, and says
// what to change.
func TestConfigFaults(t *testing.T) {
	log, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	tests := map[string]struct {
		change func(*hub.Config)
		want   string
	}{
		"no history":             {func(c *hub.Config) { c.Log = nil }, "store: there is no history"},
		"C14: 0.x elsewhere":     {func(c *hub.Config) { c.ResourceIdentifier = "https://e.x/hub" }, "serve 1.0 alone"},
		"no URL":                 {func(c *hub.Config) { c.ResourceIdentifier = "e.x" }, "resource identifier: "},
		"C9: one cookie for two": {func(c *hub.Config) { c.CookieName = spec.LegacyCookieName }, "same name"},
		"retry below a second":   {func(c *hub.Config) { c.Retry = time.Millisecond }, "at least 1s"},
		"negative lifetime":      {func(c *hub.Config) { c.MaxLifetime = -1 }, "max lifetime"},
		"negative connections":   {func(c *hub.Config) { c.MaxConnections = -1 }, "max connections"},
		"unknown overload":       {func(c *hub.Config) { c.Overload = 9 }, "overload"},
		"negative body":          {func(c *hub.Config) { c.MaxBodySize = -1 }, "max body size"},
		"negative topics":        {func(c *hub.Config) { c.MaxTopics = -1 }, "max topics"},
		"negative matchers":      {func(c *hub.Config) { c.MaxMatchers = -1 }, "max matchers"},
		"negative details":       {func(c *hub.Config) { c.MaxDetails = -1 }, "authorization details"},
		"CORS origin with path":  {func(c *hub.Config) { c.CORSOrigins = []string{"https://e.x/"} }, "write https://e.x\n"},
		"CORS origin with port":  {func(c *hub.Config) { c.CORSOrigins = []string{"https://E.x:443"} }, "write https://e.x\n"},
		"CORS wildcard":          {func(c *hub.Config) { c.CORSOrigins = []string{"https://*.e.x"} }, "list each one"},
		"CORS null":              {func(c *hub.Config) { c.CORSOrigins = []string{"null"} }, "sandboxed"},
		"CORS host alone":        {func(c *hub.Config) { c.CORSOrigins = []string{"e.x"} }, "write scheme, host and port"},
		"publish from anywhere":  {func(c *hub.Config) { c.PublishOrigins = []string{"*"} }, "publish origins"},
		"publish origin":         {func(c *hub.Config) { c.PublishOrigins = []string{"e.x"} }, "publish origins"},
		"unknown generation":     {func(c *hub.Config) { c.Generations = 1 << 7 }, "protocols"},
		"issuer without keys":    {func(c *hub.Config) { c.Issuer, c.PublisherKey, c.SubscriberKey = "i", auth.Key{}, auth.Key{} }, "no key"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := hub.Config{Log: log}
			test.change(&c)
			if _, err := hub.New(c); err == nil || !strings.Contains(err.Error()+"\n", test.want) {
				t.Errorf("New: %v, want an error with %q", err, test.want)
			}
		})
	}

	_, err = hub.New(hub.Config{Retry: 1, MaxTopics: -1, ResourceIdentifier: "e.x", CookieName: "a b"})
	for _, want := range []string{"store", "retry", "max topics", "resource identifier", "cookie"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the faults %v lack the one about %q", err, want)
		}
	}
}

func TestHubElsewhere(t *testing.T) {
	h := hubtest.Start(t, func(c *hub.Config) {
		c.Generations = spec.Only(spec.Current)
		c.ResourceIdentifier = strings.TrimSuffix(c.ResourceIdentifier, spec.WellKnownPath) + "/app/hub"
	})
	s := h.Subscribe("match=a", "")
	r := publishRequest(h, strings.NewReader("topic=a"))
	r.Header.Set("Authorization", "Bearer "+h.Sign(hubtest.Token{Generation: spec.Current, Publish: []string{"*"}}))
	status, id := h.Do(r)
	if status != 200 || s.Next().ID != id {
		t.Errorf("publishing at %s: status %d, %s", h.URL, status, id)
	}
}

func TestWarningsAreLoggedOnce(t *testing.T) {
	log := new(journal)
	hubtest.Start(t, log.configure)
	if n := strings.Count(log.String(), "0.x and 1.0 tokens have the same key"); n != 1 {
		t.Errorf("the shared key was warned about %d times, want once:\n%s", n, log)
	}
}
