package hub_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/memory"
	"cinnabar/store/storetest"

	"github.com/prometheus/client_golang/prometheus"
)

// publishOnce publishes a form under a key, with a token.
func publishOnce(h *hubtest.Hub, token, key, form string) (status int, body string) {
	r := publishRequest(h, strings.NewReader(form))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Idempotency-Key", key)
	return h.Do(r)
}

// TestRepeatedAtOnce: of requests with one key at the same moment one has its
// effect, all are answered with its id, and subscribers get it once.
func TestRepeatedAtOnce(t *testing.T) {
	h := hubtest.Start(t)
	s := h.Subscribe("match=a", "")
	token := h.Sign(hubtest.Token{Publish: []string{"*"}})
	ids := make(chan string, 16)
	var wg sync.WaitGroup
	for range cap(ids) {
		wg.Go(func() {
			status, id := publishOnce(h, token, "k", "topic=a&data=once")
			if status != http.StatusOK {
				t.Errorf("status %d: %s", status, id)
			}
			ids <- id
		})
	}
	wg.Wait()
	first := s.Next()
	for range cap(ids) {
		if id := <-ids; id != first.ID {
			t.Errorf("answered with the id %s, subscribers got %s", id, first.ID)
		}
	}
	last := h.Publish(form(t, "topic=a&data=last"))
	if got := s.Next(); got.ID != last {
		t.Errorf("after the first event came %+v, want the last", got)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(h.Collectors()...)
	if status, _ := publishOnce(h, token, "k", "topic=a&data=other"); status != http.StatusConflict {
		t.Errorf("other fields: status %d, want 409", status)
	}
	_, text := get(t, h.Operations(registry), "/metrics")
	for _, want := range []string{
		`mercure_updates_total 2`,
		`mercure_publishes_total{result="accepted"} 2`,
		`mercure_publishes_total{result="repeated"} 15`,
		`mercure_publishes_total{result="key_reused"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// TestKeysOfIdentities: who publishes is part of the key, and which token they
// happen to have is not.
func TestKeysOfIdentities(t *testing.T) {
	h := hubtest.Start(t)
	sub := func(g spec.Generation, sub string) string {
		return h.Sign(hubtest.Token{Generation: g, Publish: []string{"*"}, Change: func(_, claims map[string]any) {
			claims["jti"] = claims["sub"]
			claims["sub"] = sub
		}})
	}
	tokens := map[string]string{
		"ada, 0.x": sub(spec.Legacy, "ada"), "bob, 0.x": sub(spec.Legacy, "bob"), "0.x": h.Sign(hubtest.Token{Publish: []string{"*"}}),
		"ada, 1.0": sub(spec.Current, "ada"), "bob, 1.0": sub(spec.Current, "bob"),
	}
	ids := make(map[string]string)
	for name, token := range tokens {
		status, id := publishOnce(h, token, "k", "topic=a&data=d")
		if other := ids[id]; status != http.StatusOK || other != "" {
			t.Errorf("%s: status %d, the id of %q", name, status, other)
		}
		ids[id] = name
	}
	another := h.Sign(hubtest.Token{Generation: spec.Current, Publish: []string{"a"}, Change: func(_, claims map[string]any) { claims["sub"] = "ada" }})
	if status, id := publishOnce(h, another, "k", "topic=a&data=d"); status != http.StatusOK || ids[id] != "ada, 1.0" {
		t.Errorf("another token of ada's: status %d, the id of %q", status, ids[id])
	}
}

// TestRepeatedAfterAFault: a publisher that was refused asks again, and its
// update is there once whether it had been stored or not.
func TestRepeatedAfterAFault(t *testing.T) {
	for name, fault := range map[string]storetest.Fault{"failed": storetest.Failed, "failed but persisted": storetest.FailedButPersisted} {
		t.Run(name, func(t *testing.T) {
			inner, err := memory.Open(memory.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = inner.Close() })
			log := storetest.NewFaulty(inner)
			h := hubtest.Start(t, func(c *hub.Config) { c.Log = log })
			token := h.Sign(hubtest.Token{Publish: []string{"*"}})
			log.Inject(fault)
			status, body := publishOnce(h, token, "k", "topic=a&data=once")
			if status != http.StatusServiceUnavailable || !strings.Contains(body, "with the same Idempotency-Key it is stored once") {
				t.Errorf("under the fault: status %d: %s", status, body)
			}
			log.Inject(storetest.None)
			status, id := publishOnce(h, token, "k", "topic=a&data=once")
			if status != http.StatusOK {
				t.Errorf("again: status %d: %s", status, id)
			}
			last := h.Publish(form(t, "topic=a&data=last"))
			s := h.Subscribe("match=a&last_event_id=earliest", "")
			for _, want := range []string{id, last} {
				if got := s.Next(); got.ID != want {
					t.Errorf("the history has %+v, want %s", got, want)
				}
			}
		})
	}
}

func TestKeysOff(t *testing.T) {
	log, err := memory.Open(memory.Options{Keys: store.Window{MaxAge: -1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	h := hubtest.Start(t, func(c *hub.Config) { c.Log = log })
	token := h.Sign(hubtest.Token{Publish: []string{"*"}})
	status, body := publishOnce(h, token, "k", "topic=a&data=d")
	if status != http.StatusBadRequest || !strings.Contains(body, "CINNABAR-idempotency-off") {
		t.Errorf("status %d: %s; want 400 and why", status, body)
	}
	h.Publish(form(t, "topic=a&data=d"))
}
