package hub_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
	"cinnabar/store/memory"
)

// TestSunset: up to the sunset 0.x is served and told of its end; from then on
// its requests and tokens are refused and its streams have ended, and 1.0 goes
// on as if nothing had been.
func TestSunset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, err := memory.Open(memory.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		key := func(secret string) auth.Key {
			k, err := auth.ParseKey(secret, "HS256")
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		const identifier = "https://hub.test/.well-known/mercure"
		sunset := time.Now().Add(time.Hour)
		h, err := hub.New(hub.Config{
			Log: log, PublisherKey: key(hubtest.PublisherSecret), SubscriberKey: key(hubtest.SubscriberSecret),
			ResourceIdentifier: identifier, Issuer: hubtest.Issuer, Anonymous: true,
			Legacy: auth.LegacyPolicy{Sunset: sunset}, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close(context.Background())

		send := func(r *http.Request) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w
		}
		head := func(query string) *http.Request { return httptest.NewRequest("HEAD", identifier+"?"+query, nil) }
		publish := func(g spec.Generation) *http.Request {
			token := hubtest.Sign(t, identifier, hubtest.Token{Generation: g, Publish: []string{"*"}, Expires: time.Now().Add(48 * time.Hour)})
			r := httptest.NewRequest("POST", identifier, strings.NewReader("topic=a"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Authorization", "Bearer "+token)
			return r
		}
		check := func(when string, legacy, legacyToken int) {
			for what, test := range map[string]struct {
				request   *http.Request
				status    int
				announced bool
			}{
				"a 0.x subscribe":           {head("topic=a"), legacy, true},
				"a 0.x publish":             {publish(spec.Legacy), legacyToken, legacyToken == 200},
				"a 1.0 subscribe":           {head("match=a"), 200, false},
				"a 1.0 subscribe by topics": {head("match=a&topic=a"), 200, false},
				"a 1.0 publish":             {publish(spec.Current), 200, false},
				"nothing":                   {head(""), 400, false},
			} {
				w := send(test.request)
				if w.Code != test.status {
					t.Errorf("%s, %s: status %d, want %d: %s", when, what, w.Code, test.status, w.Body)
				}
				deprecation, until := w.Header().Get("Deprecation"), w.Header().Get("Sunset")
				if (until != "") != test.announced || (deprecation != "") != test.announced {
					t.Errorf("%s, %s: Deprecation %q, Sunset %q; want them: %t", when, what, deprecation, until, test.announced)
				}
				if test.announced {
					if at, err := http.ParseTime(until); err != nil || !at.Equal(sunset.Truncate(time.Second)) {
						t.Errorf("%s, %s: Sunset is %q, want %v", when, what, until, sunset)
					}
					if !strings.HasPrefix(deprecation, "@") {
						t.Errorf("%s, %s: Deprecation is %q, want a date of structured fields", when, what, deprecation)
					}
				}
			}
		}

		ended := make(chan string, 2)
		for _, param := range []string{"topic", "match"} {
			go func() {
				send(httptest.NewRequest("GET", identifier+"?"+param+"=a", nil).WithContext(t.Context()))
				ended <- param
			}()
		}
		synctest.Wait()
		check("before", 200, 200)
		time.Sleep(time.Hour - 1)
		synctest.Wait()
		check("a moment before", 200, 200)
		if n := h.Streams(); n != 2 {
			t.Errorf("a moment before, %d streams are open, want 2", n)
		}
		time.Sleep(2 * time.Nanosecond)
		synctest.Wait()
		if h.Streams() != 1 || <-ended != "topic" {
			t.Errorf("after, %d streams are open, want that of 1.0 alone", h.Streams())
		}
		check("after", 400, 401)
	})
}

// TestLegacyTokensAreCounted: operators see who still uses 0.x, and are told
// once of tokens that never expire.
func TestLegacyTokensAreCounted(t *testing.T) {
	log := new(journal)
	h := hubtest.Start(t, log.configure)
	for range 2 {
		h.Publish(form(t, "topic=a"))
	}
	h.Subscribe("topic=a", h.Sign(hubtest.Token{Expires: time.Now().Add(time.Hour)}))
	h.Subscribe("match=a", h.Sign(hubtest.Token{Generation: spec.Current}))
	h.Subscribe("topic=a", "")
	for _, line := range []string{
		`mercure_legacy_tokens_total{endpoint="publish",exp="no"} 2`,
		`mercure_legacy_tokens_total{endpoint="publish",exp="yes"} 0`,
		`mercure_legacy_tokens_total{endpoint="subscribe",exp="no"} 0`,
		`mercure_legacy_tokens_total{endpoint="subscribe",exp="yes"} 1`,
		`mercure_requests_total{endpoint="subscribe",generation="0.x"} 2`,
	} {
		wantMetric(t, h, line)
	}
	if n := strings.Count(log.String(), "a 0.x token without exp was accepted"); n != 1 {
		t.Errorf("the log tells %d times of tokens without exp, want once:\n%s", n, log)
	}
}

// TestLegacyTopicsAreTold: a publisher, and who asks for subscriptions, whose
// token does grant what is refused learn whose rule it is.
func TestLegacyTopicsAreTold(t *testing.T) {
	h := hubtest.Start(t, func(c *hub.Config) { c.Legacy.Topics, c.Subscriptions = []string{"a"}, true })
	h.Publish(form(t, "topic=a"))
	r := h.Request(http.MethodPost, "", strings.NewReader("topic=b"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+h.Sign(hubtest.Token{Publish: []string{"*"}}))
	if status, body := h.Do(r); status != http.StatusForbidden || !strings.Contains(body, "none of the hub's legacy topics") {
		t.Errorf("a topic that is withheld: status %d, body %s; want 403 and why", status, body)
	}
	r = h.Request(http.MethodGet, "", nil)
	r.URL.Path += "/subscriptions"
	r.Header.Set("Authorization", "Bearer "+h.Sign(hubtest.Token{Subscribe: []string{"*"}}))
	if status, body := h.Do(r); status != http.StatusForbidden || !strings.Contains(body, "none of the hub's legacy topics") {
		t.Errorf("subscriptions that are withheld: status %d, body %s; want 403 and why", status, body)
	}
}

// TestSunsetOfEverything: a hub that serves nothing is a mistake.
func TestSunsetOfEverything(t *testing.T) {
	_, err := hub.New(hub.Config{Generations: spec.Only(spec.Legacy), Legacy: auth.LegacyPolicy{Sunset: time.Now().Add(-time.Hour)}})
	if err == nil || !strings.Contains(err.Error(), "legacy sunset") {
		t.Errorf("got %v, want a fault about the legacy sunset", err)
	}
}

// TestLegacyPolicyIsReloaded: what is demanded of 0.x tokens holds from the
// reload on, also for tokens that were verified before.
func TestLegacyPolicyIsReloaded(t *testing.T) {
	h := hubtest.Start(t)
	eternal := h.Sign(hubtest.Token{Publish: []string{"*"}})
	publish := func() int {
		r := h.Request(http.MethodPost, "", strings.NewReader("topic=a"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+eternal)
		status, _ := h.Do(r)
		return status
	}
	if got := publish(); got != http.StatusOK {
		t.Fatalf("a token without exp: status %d, want 200", got)
	}
	c := h.Config
	c.Legacy.RequireExpiry = true
	if err := h.Reload(c); err != nil {
		t.Fatal(err)
	}
	if got := publish(); got != http.StatusUnauthorized {
		t.Errorf("a token without exp once that is demanded: status %d, want 401", got)
	}
}
