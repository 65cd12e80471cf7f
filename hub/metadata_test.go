package hub_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
)

const metadataPrefix = "/.well-known/oauth-protected-resource"

func askMetadata(t *testing.T, h *hubtest.Hub, method, path, origin string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, h.Server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
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

func TestMetadataPath(t *testing.T) {
	custom := func(c *hub.Config) {
		c.Generations = spec.Only(spec.Current)
		c.ResourceIdentifier = "https://hub.example/app/hub"
	}
	for name, test := range map[string]struct {
		configure func(*hub.Config)
		path      string
		want      int
	}{
		"DISC-prm":                       {func(*hub.Config) {}, metadataPrefix + spec.WellKnownPath, 200},
		"DISC-prm/without a path":        {func(*hub.Config) {}, metadataPrefix, 404},
		"DISC-prm-custom-path":           {custom, metadataPrefix + "/app/hub", 200},
		"DISC-prm-custom-path/not there": {custom, metadataPrefix + spec.WellKnownPath, 404},
		"C13, 0.x alone":                 {func(c *hub.Config) { c.Generations = spec.Only(spec.Legacy) }, metadataPrefix + spec.WellKnownPath, 404},
		"no resource identifier":         {func(c *hub.Config) { c.ResourceIdentifier = "" }, metadataPrefix + spec.WellKnownPath, 404},
	} {
		t.Run(name, func(t *testing.T) {
			h := hubtest.Start(t, test.configure)
			answer, body := askMetadata(t, h, http.MethodGet, test.path, "")
			if answer.StatusCode != test.want {
				t.Fatalf("status %d, want %d", answer.StatusCode, test.want)
			}
			if test.want != 200 {
				return
			}
			var document struct{ Resource string }
			if err := json.Unmarshal([]byte(body), &document); err != nil || document.Resource != h.Config.ResourceIdentifier {
				t.Errorf("document %s, %v, want one of %s (DISC-prm-resource)", body, err, h.Config.ResourceIdentifier)
			}
		})
	}
}

// Any page may read the document, none with its visitors' cookies.
func TestMetadataIsForEveryOrigin(t *testing.T) {
	h := hubtest.Start(t)
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		answer, _ := askMetadata(t, h, method, metadataPrefix+spec.WellKnownPath, "https://stranger.example")
		if got := answer.Header.Get("Access-Control-Allow-Origin"); got != "*" {
			t.Errorf("%s: allowed origin %q, want *", method, got)
		}
		if got := answer.Header.Get("Access-Control-Allow-Credentials"); got != "" {
			t.Errorf("%s: credentials allowed: %q (CORS-no-star-with-credentials)", method, got)
		}
	}
	answer, _ := askMetadata(t, h, http.MethodPost, metadataPrefix+spec.WellKnownPath, "")
	if answer.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(answer.Header.Get("Allow"), "GET") {
		t.Errorf("POST: status %d, Allow %q, want 405 and GET in it", answer.StatusCode, answer.Header.Get("Allow"))
	}
}

// A hub that has no document must not send clients to one.
func TestChallengesOfHubsWithoutMetadata(t *testing.T) {
	h := hubtest.Start(t, func(c *hub.Config) { c.Generations = spec.Only(spec.Legacy) })
	answer, _ := refusedPublish(t, h, "garbage")
	if got := answer.Header.Get("WWW-Authenticate"); strings.Contains(got, "resource_metadata") {
		t.Errorf("challenge %q, want none with resource_metadata", got)
	}
}
