package cli

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cinnabar/spec"
)

// A configured hub is one that reads a file that the test writes again.
type configured struct {
	*child
	t    *testing.T
	hub  string
	path string
}

func serveFile(t *testing.T, text string) *configured {
	t.Helper()
	c := &configured{t: t, path: filepath.Join(t.TempDir(), "hub.yaml")}
	c.write(text)
	var at readyLine
	c.child, at = ready(t, exec.Command("cinnabar", "serve", "--config", c.path, "--addr", "127.0.0.1:0"))
	c.hub = at.Hub
	return c
}

func (c *configured) write(text string) {
	c.t.Helper()
	if err := os.WriteFile(c.path, []byte("store: 'memory:'\npublisher_jwt_key: "+secret+"\n"+text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// reload changes the file and asks the hub to read it. It returns what the hub
// says about it: the last line has the text.
func (c *configured) reload(file, text string) string {
	c.t.Helper()
	c.write(file)
	c.signal(syscall.SIGHUP)
	return strings.Join(c.log.until(c.t, text), "\n")
}

// publishes returns the status of a publish about some topics.
func (c *configured) publishes(topics ...string) int {
	c.t.Helper()
	_, err := (&publication{hubAccess: hubAccess{url: c.hub, key: secret}}).send(http.DefaultClient, topics, "x")
	var refused *refusal
	switch {
	case err == nil:
		return http.StatusOK
	case !errors.As(err, &refused):
		c.t.Fatal(err)
	}
	return refused.status
}

// lets reports whether pages of an origin may read the hub's answers.
func (c *configured) lets(origin string) bool {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodHead, c.hub+"?topic=a", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Origin", origin)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	answer.Body.Close()
	return answer.Header.Get("Access-Control-Allow-Origin") == origin
}

// TestReload: SIGHUP puts origins, limits and retention in force in the running
// process, tells what it did and what has to wait, and ends no stream.
func TestReload(t *testing.T) {
	const before = `
anonymous: true
subscriptions: true
cors_origins: [https://a.example]
max_topics: 2
heartbeat: 20s
`
	c := serveFile(t, before)
	f := subscribe(t, c.hub+"?topic=a", "")
	for range 5 {
		if got := c.publishes("a"); got != http.StatusOK {
			t.Fatalf("publishing: status %d, want 200", got)
		}
		f.next()
	}
	check := func(when string, threeTopics int, a, b bool) {
		t.Helper()
		if got := c.publishes("x", "y", "z"); got != threeTopics {
			t.Errorf("%s: an update of three topics: status %d, want %d", when, got, threeTopics)
		}
		if gotA, gotB := c.lets("https://a.example"), c.lets("https://b.example"); gotA != a || gotB != b {
			t.Errorf("%s: origin a allowed %t and b %t, want %t and %t", when, gotA, gotB, a, b)
		}
	}
	check("at start", http.StatusRequestEntityTooLarge, true, false)

	said := c.reload(`
anonymous: true
subscriptions: true
cors_origins: [https://b.example]
max_topics: 3
heartbeat: 5s
retention_count: 2
`, "apply after a restart")
	for _, want := range []string{"settings reloaded", `changed="retention-count cors-origins max-topics"`, "settings=heartbeat"} {
		if !strings.Contains(said, want) {
			t.Errorf("the log does not say %q:\n%s", want, said)
		}
	}
	check("after the reload", http.StatusOK, false, true)
	if got := c.publishes("a"); got != http.StatusOK {
		t.Fatalf("publishing: status %d, want 200", got)
	}
	f.next() // it stayed

	said = c.reload("anonymous: true\nmax_topic: 2\n", "not reloaded")
	if !strings.Contains(said, "max_topics") {
		t.Errorf("the log does not name the closest setting:\n%s", said)
	}
	check("after a faulty file", http.StatusOK, false, true)

	c.reload(before, "settings reloaded")
	check("after a reload to what it was", http.StatusRequestEntityTooLarge, true, false)
}

// TestReloadRetention counts what a reload of the retention leaves.
func TestReloadRetention(t *testing.T) {
	c := serveFile(t, "anonymous: true\n")
	for range 5 {
		publish(t, c.hub, "a", "before")
	}
	c.reload("anonymous: true\nretention_count: 2\n", "settings reloaded")
	kept := []string{publish(t, c.hub, "a", "one"), publish(t, c.hub, "a", "two")}
	replay := subscribe(t, c.hub+"?topic=a&lastEventID="+spec.Earliest, "")
	for i, want := range kept {
		if got := replay.next().ID; got != want {
			t.Errorf("event %d of the replay is %q, want %q: two updates are kept", i+1, got, want)
		}
	}
}

// TestReloadCertificate: a renewed certificate is shown to whoever comes next,
// and nobody's stream ends for it.
func TestReloadCertificate(t *testing.T) {
	cert, key, trust := certificate(t)
	client := func(trust *x509.CertPool) *http.Client {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport}
	}
	c, at := serve(t, "--store", "memory:", "--tls-cert", cert, "--tls-key", key)
	f := follow(t, client(trust), at.Hub+"?topic=a", "")

	newCert, newKey, newTrust := certificate(t)
	for from, to := range map[string]string{newCert: cert, newKey: key} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	c.signal(syscall.SIGHUP)
	c.log.until(t, "settings reloaded")
	if answer, err := client(trust).Get(at.Hub); err == nil {
		answer.Body.Close()
		t.Error("a newcomer was shown the old certificate")
	}
	if _, err := (&publication{hubAccess: hubAccess{url: at.Hub, key: secret}}).send(client(newTrust), []string{"a"}, "x"); err != nil {
		t.Errorf("publishing by the new certificate: %v", err)
	}
	f.next()

	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	c.signal(syscall.SIGHUP)
	c.log.until(t, "not reloaded")
}
