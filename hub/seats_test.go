package hub_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"cinnabar/hub"
	"cinnabar/hub/hubtest"
)

// A limit that a reload sets for the first time counts who is there already:
// operators set one when somebody has taken too much (LIMIT-connections-client,
// LIMIT-token-subscriptions).
func TestReloadOfFirstLimitCountsOpenStreams(t *testing.T) {
	overCarriers(t, func(t *testing.T, carrier func(*hub.Config)) {
		for name, limit := range map[string]func(*hub.Config, int){
			"token":   func(c *hub.Config, most int) { c.MaxConnectionsPerToken = most },
			"address": func(c *hub.Config, most int) { c.MaxConnectionsPerAddress = most },
		} {
			t.Run(name, func(t *testing.T) {
				h := hubtest.Start(t, carrier, func(c *hub.Config) { c.Overload, c.Retry = hub.OverloadStatus, 6*time.Second })
				token := h.Sign(hubtest.Token{Subscribe: []string{"a"}})
				streams := []*hubtest.Stream{h.Subscribe("topic=a", token), h.Subscribe("topic=a", token)}
				reload := func(most int) {
					t.Helper()
					c := h.Config
					limit(&c, most)
					if err := h.Reload(c); err != nil {
						t.Fatal(err)
					}
				}
				reload(2)
				third := h.Request(http.MethodGet, "topic=a", nil)
				third.Header.Set("Authorization", "Bearer "+token)
				askWith(t, h, third).refused(t, http.StatusTooManyRequests)
				reload(1)
				id := h.Publish(form(t, "topic=a"))
				for _, s := range streams {
					if got := s.Next(); got.ID != id {
						t.Errorf("a stream beyond a limit that came later got %+v, want the update %q: it stays", got, id)
					}
				}
			})
		}
	})
}

// Streams that come and go while limits do give back what they took, no more
// and no less: whatever ends them, and whoever was turned away.
func TestSeatsAreGivenBack(t *testing.T) {
	overCarriers(t, func(t *testing.T, carrier func(*hub.Config)) {
		h := hubtest.Start(t, carrier, func(c *hub.Config) { c.Overload = hub.OverloadStatus })
		token := h.Sign(hubtest.Token{Subscribe: []string{"a"}})
		subscribe := func(method string) (status int, leave func()) {
			r := h.Request(method, "topic=a", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			answer, err := h.Client.Do(r)
			if err != nil {
				t.Error(err)
				return 0, func() {}
			}
			return answer.StatusCode, func() { answer.Body.Close() }
		}
		reload := func(perToken, perAddress, all int) {
			c := h.Config
			c.MaxConnectionsPerToken, c.MaxConnectionsPerAddress, c.MaxConnections = perToken, perAddress, all
			if err := h.Reload(c); err != nil {
				t.Error(err)
			}
		}
		var crowd sync.WaitGroup
		for range 4 {
			crowd.Go(func() {
				for i := range 40 {
					_, leave := subscribe([]string{http.MethodGet, http.MethodGet, http.MethodHead}[i%3])
					leave()
				}
			})
		}
		for i := range 30 {
			reload(i%3, (i+1)%3, i%2*2)
		}
		crowd.Wait()

		reload(1, 0, 0)
		wait(t, func() bool {
			status, leave := subscribe(http.MethodGet)
			if status != http.StatusOK {
				leave()
				return false
			}
			t.Cleanup(leave)
			return true
		}, "LIMIT-token-subscriptions: all streams of a token have ended, and still one counts")
		status, leave := subscribe(http.MethodGet)
		leave()
		if status != http.StatusTooManyRequests {
			t.Errorf("LIMIT-token-429: a second stream of one: status %d, want 429", status)
		}
	})
}
