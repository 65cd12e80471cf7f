package hub_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
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
	replay := h.Subscribe("topic=a&lastEventID=earliest", "")
	replay.Next()

	if _, text := get(t, operations, "/metrics"); !strings.Contains(text, "mercure_subscribers_connected 2\n") {
		t.Errorf("two open streams are not counted:\n%s", text)
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
	log.failAppends(nil)

	// Streams count what they sent after they sent it: end them first.
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, _ := get(t, operations, "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz of a closed hub: %d, want 503", status)
	}
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
		`mercure_subscribers_connected 0`,
		`mercure_streams_closed_total{reason="shutdown"} 2`,
		`mercure_history_healthy 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the metrics lack %s:\n%s", want, text)
		}
	}
}

// Every metric that is exported is documented, and no other.
func TestMetricNames(t *testing.T) {
	h := hubtest.Start(t, func(c *hub.Config) { c.Subscriptions = true })
	registry := prometheus.NewRegistry()
	registry.MustRegister(h.Collectors()...)
	h.Subscribe("match=a", "")
	h.Publish(form(t, "topic=a"))
	refusedPublish(t, h, refusedTokens(h)["aud"])
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Do(h.Request(http.MethodGet, "match=a", nil)) // is sent away
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	design, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	var exported, documented []string
	for _, f := range families {
		exported = append(exported, f.GetName())
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(mercure_[a-z_]+)`").FindAllStringSubmatch(string(design), -1) {
		documented = append(documented, m[1])
	}
	slices.Sort(documented)
	if !slices.Equal(exported, documented) { // Gather sorts by name
		t.Errorf("exported and documented metrics differ:\n%q\n%q", exported, documented)
	}
}
