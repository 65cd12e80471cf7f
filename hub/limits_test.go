package hub_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
)

// low sets limits that a test reaches soon.
func low(c *hub.Config) {
	c.MaxBodySize, c.MaxFieldSize, c.MaxTopics = 1000, 100, 3
	c.MaxMatchers, c.MaxMatcherSize, c.MaxDetails = 3, 50, 3
}

// TestLimitsAtTheEdge: what is as large as allowed passes, one more of it is
// refused with the status and the rule of the catalogue.
func TestLimitsAtTheEdge(t *testing.T) {
	h := hubtest.Start(t, low)
	topics := func(n int) string { return strings.Repeat("topic=a&", n) }
	long := func(n int) string { return strings.Repeat("x", n) }
	all := h.Sign(hubtest.Token{Publish: []string{"*"}})
	publish := func(body string) *http.Request {
		r := h.Request(http.MethodPost, "", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+all)
		return r
	}
	head := func(query string) *http.Request { return h.Request(http.MethodHead, query, nil) }
	query := func(body string) *http.Request {
		r := h.Request("QUERY", "", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	bearing := func(g spec.Generation, claim string, value any) *http.Request {
		r := head(map[spec.Generation]string{spec.Legacy: "topic=a", spec.Current: "match=a"}[g])
		r.Header.Set("Authorization", "Bearer "+h.Sign(hubtest.Token{Generation: g, Change: func(_, claims map[string]any) { claims[claim] = value }}))
		return r
	}
	matchers := func(n, length int) (topics []any) {
		for range n {
			topics = append(topics, map[string]any{"match": long(length)})
		}
		return topics
	}
	detail := func(topics []any) any {
		return map[string]any{"type": spec.DetailType, "actions": []string{"subscribe"}, "topics": topics}
	}
	details := func(n int, topics []any) *http.Request {
		var all []any
		for range n {
			all = append(all, detail(topics))
		}
		return bearing(spec.Current, "authorization_details", all)
	}
	selectors := func(n, length int) *http.Request {
		all := strings.Split(strings.TrimSuffix(strings.Repeat(long(length)+",", n), ","), ",")
		return bearing(spec.Legacy, "mercure", map[string]any{"subscribe": all})
	}
	for name, test := range map[string]struct {
		within, beyond *http.Request
		status         int
		rule           string
	}{
		"body":                    {publish("topic=a&data=" + long(1000-13)), publish("topic=a&data=" + long(1001-13)), 413, "LIMIT-publish-exceeded-413"},
		"topics":                  {publish(topics(3)), publish(topics(4)), 413, "LIMIT-publish-topics"},
		"topic":                   {publish("topic=" + long(100)), publish("topic=" + long(101)), 413, "LIMIT-publish-field"},
		"alternate topic":         {publish("topic=a&topic=" + long(100)), publish("topic=a&topic=" + long(101)), 413, "LIMIT-publish-field"},
		"id":                      {publish("topic=a&id=" + long(100)), publish("topic=a&id=" + long(101)), 413, "LIMIT-publish-field"},
		"type":                    {publish("topic=a&type=" + long(100)), publish("topic=a&type=" + long(101)), 413, "LIMIT-publish-field"},
		"matchers":                {head("match=a&match=b&match=c"), head("match=a&match=b&match=c&match=d"), 400, ""},
		"matchers of all types":   {query("match=a&match_urlpattern=b&match_exact=c"), query("match=a&match_urlpattern=b&match_exact=c&match=d"), 400, "LIMIT-matcher-exceeded-400"},
		"matchers that are equal": {query("match=a&match=a&match=a"), query("match=a&match=a&match=a&match=a"), 400, "LIMIT-matcher-exceeded-400"},
		"0.x topics":              {head("topic=a&topic=b&topic=c"), head("topic=a&topic=b&topic=c&topic=d"), 400, ""},
		"matcher":                 {query("match=" + long(50)), query("match=" + long(51)), 400, "LIMIT-matcher-length"},
		"pattern":                 {query("match_urlpattern=/" + long(49)), query("match_urlpattern=/" + long(50)), 400, "LIMIT-matcher-length"},
		"0.x topic":               {head("topic=" + long(50)), head("topic=" + long(51)), 400, ""},
		"details":                 {details(3, matchers(1, 1)), details(4, matchers(1, 1)), 401, ""},
		"topics of a detail":      {details(1, matchers(3, 1)), details(1, matchers(4, 1)), 401, ""},
		"pattern of a detail":     {details(1, matchers(1, 50)), details(1, matchers(1, 51)), 401, ""},
		"0.x grants":              {selectors(3, 1), selectors(4, 1), 401, ""},
		"0.x grant":               {selectors(1, 50), selectors(1, 51), 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := h.Client.Do(test.within) // which may be a stream
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Errorf("as large as allowed: status %d, want 200", answer.StatusCode)
			}
			if status, body := h.Do(test.beyond); status != test.status || test.rule != "" && !strings.Contains(body, `"rule":"`+test.rule+`"`) {
				t.Errorf("larger by one: status %d, body %s; want %d by %s", status, body, test.status, test.rule)
			}
		})
	}
}

// TestUnusableLimits: what cannot be is told at start, all of it.
func TestUnusableLimits(t *testing.T) {
	_, err := hub.New(hub.Config{MaxFieldSize: 8<<10 + 1, MaxMatcherSize: 9000, MaxConnectionsPerToken: -1, MaxConnectionsPerAddress: -2, MaxDetails: -3})
	for _, want := range []string{"max field size: 8193", "max matcher size: 9000", "max connections per token: -1", "max connections per address: -2", "max details: -3"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a fault that says %q", err, want)
		}
	}
}

// TestMaxConnectionsOfOne: the streams of a token and of an address are
// counted apart, over both carriers, and a place is free again once its stream
// has ended.
func TestMaxConnectionsOfOne(t *testing.T) {
	overCarriers(t, func(t *testing.T, carrier func(*hub.Config)) {
		for name, test := range map[string]struct {
			change func(*hub.Config)
			other  bool // another token is served
			reason string
		}{
			"token":   {func(c *hub.Config) { c.MaxConnectionsPerToken = 2 }, true, "connections_per_token"},
			"address": {func(c *hub.Config) { c.MaxConnectionsPerAddress = 2 }, false, "connections_per_address"},
		} {
			t.Run(name, func(t *testing.T) {
				h := hubtest.Start(t, carrier, test.change, func(c *hub.Config) { c.Overload, c.Retry = hub.OverloadStatus, 6*time.Second })
				mine := h.Sign(hubtest.Token{Subscribe: []string{"a"}})
				other := h.Sign(hubtest.Token{Subscribe: []string{"b"}})
				asks := func(token string) away {
					r := h.Request(http.MethodGet, "topic=a", nil)
					r.Header.Set("Authorization", "Bearer "+token)
					return askWith(t, h, r)
				}
				streams := []*hubtest.Stream{h.Subscribe("topic=a", mine), h.Subscribe("topic=a", mine)}
				asks(mine).refused(t, http.StatusTooManyRequests)
				wantMetric(t, h, `mercure_subscribers_sent_away_total{reason="`+test.reason+`"} 1`)
				if test.other {
					h.Subscribe("topic=a", other)
					h.Subscribe("topic=a", "")
				} else {
					asks(other).refused(t, http.StatusTooManyRequests)
				}
				id := h.Publish(form(t, "topic=a"))
				for _, s := range streams {
					if got := s.Next(); got.ID != id {
						t.Errorf("an open stream got %+v, want the update %q", got, id)
					}
				}
				open := h.Streams()
				streams[0].Close()
				for deadline := time.Now().Add(hubtest.Patience); h.Streams() == open; time.Sleep(time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatal("a stream that was left is still open")
					}
				}
				// The seat is given back a moment after the stream is gone.
				r := h.Request(http.MethodGet, "topic=a", nil)
				r.Header.Set("Authorization", "Bearer "+mine)
				for deadline := time.Now().Add(hubtest.Patience); ; time.Sleep(time.Millisecond) {
					answer, err := h.Client.Do(r)
					if err != nil {
						t.Fatal(err)
					}
					defer answer.Body.Close()
					if answer.StatusCode == http.StatusOK {
						break
					}
					if time.Now().After(deadline) {
						t.Fatalf("a stream in the free place: status %d, want 200", answer.StatusCode)
					}
				}
				asks(mine).refused(t, http.StatusTooManyRequests)
			})
		}
	})
}

// TestConnectionsOfOneAddress: connections without a request count too, so
// that one address cannot take the descriptors that are kept for publishers.
func TestConnectionsOfOneAddress(t *testing.T) {
	const streams, others = 1, 32
	h := hubtest.Start(t, func(c *hub.Config) { c.MaxConnectionsPerAddress = streams })
	addr := strings.TrimPrefix(h.Origin, "http://")
	var open []net.Conn
	connect := func() net.Conn {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(hubtest.Patience))
		return c
	}
	alive := func(c net.Conn) bool {
		_, err := c.Write([]byte("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"))
		if err == nil {
			_, err = c.Read(make([]byte, 12))
		}
		return err == nil
	}
	for range streams + others {
		open = append(open, connect())
	}
	if c := connect(); alive(c) {
		t.Errorf("connection %d of an address is served, want it closed", len(open)+1)
	}
	wantMetric(t, h, "mercure_connections_refused_total 1")
	for i, c := range open {
		if i < 3 && !alive(c) {
			t.Errorf("connection %d was closed with another that was one too many", i)
		}
	}
	open[0].Close()
	for deadline := time.Now().Add(hubtest.Patience); !alive(connect()); {
		if time.Now().After(deadline) {
			t.Fatal("no connection is served after another was closed")
		}
	}
}
