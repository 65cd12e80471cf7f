package clients

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const example = "../../caddy-example"

// TestCaddyExample is a day in the life of the example deployment: a browser
// on its page, Caddy with the example's own Caddyfile, and the hub behind it.
func TestCaddyExample(t *testing.T) {
	need(t, caddy, node, packages, chromium)
	t.Parallel()
	site := "localhost:" + freePort(t)
	h := newHub(t, "--anonymous", "--resource-identifier", "https://"+site+hubPath)
	p := startProxy(t, h.addr)
	startCaddy(t, site, p.addr())
	write := func(text string) {
		data, err := json.Marshal(map[string]string{
			"@id": "https://" + site + "/wall/kitchen", "author": "Ada", "text": text, "at": "2026-01-02T03:04:05Z"})
		if err != nil {
			t.Fatal(err)
		}
		h.publish(url.Values{"topic": {"https://" + site + "/wall/kitchen"}, "data": {string(data)}})
	}
	write("from before the page was opened")

	wall, form := startWall(t, "https://"+site+"/")
	saw := func(want, kind, data string) {
		t.Helper()
		wall.await(t, 0, want, func(log []happening) bool {
			return slices.ContainsFunc(log, func(h happening) bool { return h.Kind == kind && h.Data == data })
		})
	}
	saw("SUB-http2: want the page and its stream over HTTP/2", "response", "h2")
	live := func(want string, times int) {
		t.Helper()
		wall.await(t, 0, want, func(log []happening) bool {
			states := slices.DeleteFunc(log, func(h happening) bool { return h.Kind != "state" || h.Data != "live" })
			return len(states) >= times
		})
	}
	live("SSE-headers-at-once, SSE-no-buffering: want the page live", 1)
	saw("REPLAY-earliest: want what was written before on the wall", "history", "from before the page was opened")

	post := func(text, token string) {
		t.Helper()
		if err := form.Encode(map[string]string{"author": "Grace", "text": text, "token": token}); err != nil {
			t.Fatalf("filling in the form: %v", err)
		}
	}
	post("written in the page", token(t, claims{Publish: []string{"https://" + site + "/wall/{room}"}}))
	saw("PUB-200, SSE-flush-events: want what the page publishes on the wall", "live", "written in the page")
	post("with a token of somebody else's making", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA")
	wall.await(t, 0, "AUTH-401-invalid-token: want the page to say that it was refused",
		func(log []happening) bool { return count(log, "refused") == 1 })

	p.cut()
	saw("want the page to notice the cut", "state", "lost")
	write("first")
	write("second")
	p.heal(h.addr)
	live("SSE-204-stops: want the page back by itself", 2)

	// The hub is away for longer than Caddy waits for it. A subscriber must
	// not be told 502, or it would never be back.
	h.kill()
	answer := get(t, "https://"+site+hubPath+"?match=anything")
	if answer.status != http.StatusOK || answer.contentType != "text/event-stream" || answer.body != "retry: 3000\n\n" {
		t.Errorf("SSE-error-status: with the hub away, a subscriber is answered %+v, want a 200 stream that only says when to come back", answer)
	}
	h.start()
	write("during the restart")
	p.heal(h.addr)
	live("SSE-error-status: want the page back after the hub", 3)
	post("the end", token(t, claims{Publish: []string{"*"}}))
	saw("SSE-flush-events: want what the page publishes on the wall again", "live", "the end")

	log, _ := wall.of(0)
	var got []string
	for _, h := range log {
		switch h.Kind {
		case "history", "live", "missed":
			got = append(got, h.Kind+": "+h.Data)
		case "error":
			t.Errorf("the page failed: %s", h.Data)
		case "response":
			if h.Data != "h2" {
				t.Errorf("SUB-http2: the browser was answered over %q, want h2 alone", h.Data)
			}
		}
	}
	want := []string{"history: from before the page was opened", "live: written in the page",
		"missed: first", "missed: second", "missed: during the restart", "live: the end"}
	if !slices.Equal(got, want) {
		t.Errorf("REPLAY-order-gapless: the wall showed\n     %q\nwant %q", got, want)
	}
}

// TestCaddyExampleStart runs the script that people begin with.
func TestCaddyExampleStart(t *testing.T) {
	need(t, caddy)
	t.Parallel()
	site := "localhost:" + freePort(t)
	command := exec.Command("sh", "start")
	command.Dir = example
	command.Env = append(os.Environ(), "SITE="+site, "HUB=127.0.0.1:"+freePort(t), "DATA="+t.TempDir())
	command.Stderr = t.Output()
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = command.Process.Signal(os.Interrupt)
		if err := command.Wait(); err != nil {
			t.Errorf("start ended with %v after an interrupt, want success", err)
		}
	}()
	printed := ""
	for lines := bufio.NewScanner(stdout); printed == "" && lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), " "); name == "token" {
			printed = strings.TrimSpace(value)
		}
	}
	if printed == "" {
		t.Fatal("start ended without printing a token")
	}
	awaitPage(t, site)
	topic := "https://" + site + "/wall/lobby"
	r, err := http.NewRequest(http.MethodPost, "https://"+site+hubPath, strings.NewReader(url.Values{"topic": {topic}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+printed)
	answer, err := client.Do(r)
	if err != nil {
		t.Fatalf("publishing through Caddy: %v", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("PUB-200: publishing with the printed token answered %s, want 200", answer.Status)
	}
}

// client trusts whatever authority signed the example's certificate.
var client = &http.Client{
	Timeout: patience,
	Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: true,
	},
}

type answer struct {
	status            int
	contentType, body string
}

func get(t *testing.T, url string) answer {
	t.Helper()
	a, err := client.Get(url)
	if err != nil {
		t.Fatalf("asking through Caddy: %v", err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatalf("asking through Caddy: %v", err)
	}
	return answer{a.StatusCode, a.Header.Get("Content-Type"), string(body)}
}

// startCaddy serves the example, with folders of its own for everything that
// Caddy keeps, until the test is over.
func startCaddy(t *testing.T, site, hub string) {
	t.Helper()
	folder := t.TempDir()
	command := exec.Command("caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile")
	command.Dir = example
	command.Env = append(os.Environ(), "SITE="+site, "HUB="+hub, "HOME="+folder,
		"XDG_DATA_HOME="+filepath.Join(folder, "data"), "XDG_CONFIG_HOME="+filepath.Join(folder, "config"))
	command.Stdout, command.Stderr = t.Output(), t.Output()
	if err := command.Start(); err != nil {
		t.Fatalf("starting Caddy: %v", err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	awaitPage(t, site)
}

// awaitPage waits for Caddy, which has no way to say that it is ready: its
// certificate comes after its log says so.
func awaitPage(t *testing.T, site string) {
	t.Helper()
	deadline := time.After(patience)
	for tick := time.Tick(50 * time.Millisecond); ; {
		answer, err := client.Get("https://" + site + "/")
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
			err = errors.New(answer.Status)
		}
		select {
		case <-tick:
		case <-deadline:
			t.Fatalf("no page from Caddy within %v: %v", patience, err)
		}
	}
}

// freePort returns a port that was free a moment ago: Caddy has to be told
// one, since the page's origin contains it.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}
