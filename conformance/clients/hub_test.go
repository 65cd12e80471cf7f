package clients

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const hubPath = "/.well-known/mercure"

// binaryFolder holds the hub that the tests start; it exists while they run.
var binaryFolder = filepath.Join(os.TempDir(), fmt.Sprint("cinnabar-clients-", os.Getpid()))

func TestMain(m *testing.M) {
	code := m.Run()
	if err := os.RemoveAll(binaryFolder); err != nil {
		fmt.Fprintln(os.Stderr, "removing the hub that was built:", err)
		code = 1
	}
	os.Exit(code)
}

// binary builds the hub when it is first asked for.
var binary = sync.OnceValues(func() (string, error) {
	if err := os.Mkdir(binaryFolder, 0o700); err != nil {
		return "", fmt.Errorf("building the hub: %w", err)
	}
	path := filepath.Join(binaryFolder, "cinnabar")
	if output, err := exec.Command("go", "build", "-o", path, "cinnabar").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the hub: %w\n%s", err, output)
	}
	return path, nil
})

// A hub is the real program, on a port and with a history of its own.
type hub struct {
	t      *testing.T
	binary string
	flags  []string

	process *exec.Cmd
	addr    string // changes with every start
}

// newHub starts a hub that ends with the test.
func newHub(t *testing.T, flags ...string) *hub {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{t: t, binary: path, flags: append([]string{"serve",
		"--addr", "127.0.0.1:0",
		"--store", "bolt://" + filepath.ToSlash(filepath.Join(t.TempDir(), "hub.db")),
		"--publisher-jwt-key", hubKey,
		"--subscriber-jwt-key", hubKey,
	}, flags...)}
	h.start()
	t.Cleanup(func() { h.kill() })
	return h
}

func (h *hub) start() {
	h.t.Helper()
	h.process = exec.Command(h.binary, h.flags...)
	h.process.Stderr = h.t.Output()
	stdout, err := h.process.StdoutPipe()
	if err != nil {
		h.t.Fatalf("starting the hub: %v", err)
	}
	if err := h.process.Start(); err != nil {
		h.t.Fatalf("starting the hub: %v", err)
	}
	var ready struct {
		Event string `json:"event"`
		Hub   string `json:"hub"`
	}
	if err := json.NewDecoder(stdout).Decode(&ready); err != nil || ready.Event != "ready" {
		h.t.Fatalf("waiting for the hub's ready line: got %+v (%v)", ready, err)
	}
	at, err := url.Parse(ready.Hub)
	if err != nil {
		h.t.Fatalf("reading the hub's ready line: %v", err)
	}
	h.addr = at.Host
}

// kill ends the hub as a power cut would.
func (h *hub) kill() {
	_ = h.process.Process.Kill()
	_ = h.process.Wait()
}

func (h *hub) url() string { return "http://" + h.addr + hubPath }

// publish sends one update with a 0.x token and returns its id.
func (h *hub) publish(fields url.Values) string {
	h.t.Helper()
	return h.publishAs(token(h.t, claims{Publish: []string{"*"}}), fields)
}

// publishAs sends one update and returns its id.
func (h *hub) publishAs(bearer string, fields url.Values) string {
	h.t.Helper()
	r, err := http.NewRequest(http.MethodPost, h.url(), strings.NewReader(fields.Encode()))
	if err != nil {
		h.t.Fatalf("publishing: %v", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+bearer)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatalf("publishing: %v", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		h.t.Fatalf("PUB-200: publishing %v answered %s, want 200: %s (%v)", fields, answer.Status, body, err)
	}
	return string(body)
}
