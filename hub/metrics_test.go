package hub_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/store"

	"github.com/prometheus/client_golang/prometheus"
)

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

func TestOperations(t *testing.T) {
	log := newMoody(t)
	h := hubtest.Start(t, func(c *hub.Config) { c.Log = log })
	registry := prometheus.NewRegistry()
	registry.MustRegister(h.Collectors()...)
	operations := h.Operations(registry)

	s := h.Subscribe("match=a", "")
	h.Publish(form(t, "topic=a"))
	s.Next()
	h.Do(h.Request(http.MethodPost, "", strings.NewReader("")))
	refusedPublish(t, h, refusedTokens(h)["aud"])
	s.Close()
	replay := h.Subscribe("topic=a&lastEventID=earliest", "")
	replay.Next()

	_, text := get(t, operations, "/metrics")
	for _, want := range []string{
		`mercure_subscribers_total 2`,
		`mercure_updates_total 1`,
		`mercure_publishes_total{result="accepted"} 1`,
		`mercure_publishes_total{result="unauthorized"} 2`,
		`mercure_requests_total{endpoint="subscribe",generation="0.x"} 1`,
		`mercure_requests_total{endpoint="subscribe",generation="1.0"} 1`,
		`mercure_tokens_refused_total{endpoint="publish",generation="none",reason="no_token"} 1`,
		`mercure_tokens_refused_total{endpoint="publish",generation="none",reason="wrong_audience"} 1`,
		`mercure_deliveries_total 2`,
		`mercure_history_healthy 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the metrics lack %s:\n%s", want, text)
		}
	}

	// What is documented is what is exported (every name, no other).
	design, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile("`(mercure_[a-z_]+)")
	documented := make(map[string]bool)
	for _, m := range name.FindAllStringSubmatch(string(design), -1) {
		documented[m[1]] = true
	}
	exported := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllStringSubmatch(text, -1) {
		exported[m[1]] = true
		if !documented[m[1]] {
			t.Errorf("%s is exported and not documented", m[1])
		}
	}
	// Streams that have not ended yet have no reason: this one needs a wait.
	delete(documented, "mercure_streams_closed_total")
	for name := range documented {
		if !exported[name] {
			t.Errorf("%s is documented and not exported", name)
		}
	}

	if status, _ := get(t, operations, "/readyz"); status != http.StatusOK {
		t.Errorf("/readyz of a sound hub: %d, want 200", status)
	}
	log.failAppends(store.ErrUnavailable)
	if status, body := get(t, operations, "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "history") {
		t.Errorf("/readyz without a history: %d %q, want 503 and why", status, body)
	}
	if status, _ := get(t, operations, "/livez"); status != http.StatusOK {
		t.Errorf("/livez without a history: %d, want 200", status)
	}
	if _, text := get(t, operations, "/metrics"); !strings.Contains(text, "mercure_history_healthy 0\n") {
		t.Error("mercure_history_healthy is not 0 without a history")
	}
	if status, _ := get(t, operations, "/.well-known/mercure?match=a"); status != http.StatusNotFound {
		t.Errorf("the hub itself on the operations handler: %d, want 404", status)
	}
}
