package hub_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
)

// A journal is what a hub logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) configure(c *hub.Config) {
	c.Logger = slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// refusedTokens are tokens of both generations, each wrong in its own way.
func refusedTokens(h *hubtest.Hub) map[string]string {
	current := func(change func(header, claims map[string]any)) string {
		return h.Sign(hubtest.Token{Generation: spec.Current, Publish: []string{"*"}, Change: change})
	}
	return map[string]string{
		"expired": current(func(_, c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }),
		"not yet": current(func(_, c map[string]any) { c["nbf"] = time.Now().Add(time.Hour).Unix() }),
		"aud":     current(func(_, c map[string]any) { c["aud"] = "https://other.example" }),
		"iss":     current(func(_, c map[string]any) { c["iss"] = "https://other.example" }),
		"grants":  current(func(_, c map[string]any) { c["authorization_details"] = "x" }),
		"role":    h.Sign(hubtest.Token{Role: auth.Subscriber, Publish: []string{"*"}}),
		"0.x exp": h.Sign(hubtest.Token{Publish: []string{"*"}, Expires: time.Now().Add(-time.Hour)}),
		"garbage": "garbage",
	}
}

func refusedPublish(t *testing.T, h *hubtest.Hub, token string) (*http.Response, string) {
	t.Helper()
	r := publishRequest(h, strings.NewReader("topic=a"))
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := h.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

func TestRefusedTokensAreAlike(t *testing.T) {
	log := new(journal)
	h := hubtest.Start(t, log.configure)
	type face struct {
		status          int
		challenge, body string
	}
	want := face{status: 401, challenge: `Bearer realm="` + h.URL + `", error="invalid_token", resource_metadata="` +
		h.Origin + metadataPrefix + spec.WellKnownPath + `"`}
	for name, token := range refusedTokens(h) {
		answer, body := refusedPublish(t, h, token)
		got := face{answer.StatusCode, answer.Header.Get("WWW-Authenticate"), body}
		if want.body == "" {
			want.body = body
		}
		if got != want {
			t.Errorf("AUTH-401-uniform: token wrong by its %s: got %+v, want %+v", name, got, want)
		}
		if id := answer.Header.Get("X-Request-Id"); id == "" || !strings.Contains(log.String(), id) {
			t.Errorf("token wrong by its %s: the log has no line with the request id %q", name, id)
		}
		if strings.Contains(log.String(), token) && token != "garbage" {
			t.Errorf("SEC-token-not-logged: the log holds the token wrong by its %s", name)
		}
	}
	for _, reason := range []string{"expired", "not_yet_valid", "wrong_audience", "unknown_issuer", "invalid_grant", "wrong_role", "malformed_token"} {
		if !strings.Contains(log.String(), reason) {
			t.Errorf("no line of the log gives the reason %s", reason)
		}
	}
}

func TestShowReasons(t *testing.T) {
	h := hubtest.Start(t, func(c *hub.Config) { c.ShowReasons = true })
	_, body := refusedPublish(t, h, refusedTokens(h)["aud"])
	if !strings.Contains(body, "wrong_audience") || !strings.Contains(body, h.URL) {
		t.Errorf("the body does not say what is wrong with the token: %s", body)
	}
}

// A refusal teaches, in the answer and in the log, by the same request id.
func TestProblemDocument(t *testing.T) {
	log := new(journal)
	h := hubtest.Start(t, log.configure)
	r := publishRequest(h, strings.NewReader("topic=a&id=%23x"))
	r.Header.Set("X-Request-Id", "from-the-proxy.1")
	answer, err := h.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var got map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
		t.Fatalf("the body is no JSON: %v", err)
	}
	for member, want := range map[string]any{
		"status": 400.0, "title": "Bad Request", "rule": "PUB-id-hash-400", "field": "id", "request_id": "from-the-proxy.1",
	} {
		if got[member] != want {
			t.Errorf("member %s is %v, want %v", member, got[member], want)
		}
	}
	if got["fix"] == nil || got["detail"] == nil {
		t.Errorf("the document does not say what is wrong and what to do: %v", got)
	}
	line := log.String()
	for _, want := range []string{"from-the-proxy.1", "PUB-id-hash-400", "status=400"} {
		if !strings.Contains(line, want) {
			t.Errorf("the log %q lacks %q", line, want)
		}
	}
}

func TestForeignRequestIDs(t *testing.T) {
	h := hubtest.Start(t)
	for _, strange := range []string{"a b", "a=b", strings.Repeat("x", 65), "\"", "ä"} {
		r := h.Request(http.MethodGet, "", nil)
		r.Header.Set("X-Request-Id", strange)
		answer, err := h.Client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if id := answer.Header.Get("X-Request-Id"); id == strange || id == "" {
			t.Errorf("the request id %q was answered with %q, want a new one", strange, id)
		}
	}
}

func TestTokensStayOutOfTheLog(t *testing.T) {
	log := new(journal)
	h := hubtest.Start(t, log.configure)
	token := h.Sign(hubtest.Token{Subscribe: []string{"*"}})
	for _, query := range []string{
		"authorization=" + token,
		"%61uthorization=opaque-marker&foo=1",
		"Authorization=opaque-marker",
		"access_token=opaque-marker",
		"matchx=" + token,
		"jwt=Bearer+" + token,
	} {
		if status, body := h.Do(h.Request(http.MethodGet, query, nil)); status != 400 || strings.Contains(body, token) {
			t.Errorf("%s: status %d, body %s; want 400 without the token", query, status, body)
		}
	}
	for _, secret := range []string{token, "opaque-marker"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("SEC-token-not-logged: the log holds %q:\n%s", secret, log)
		}
	}
	if !strings.Contains(log.String(), "foo=1") {
		t.Errorf("the log does not hold the innocent rest of the query:\n%s", log)
	}
}
