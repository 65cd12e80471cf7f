package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A proxy is a program that people put in front of a hub, with the
// configuration for it that is shipped in deploy.
type proxy struct {
	program string
	shipped string
	// command starts it in the foreground.
	command func(config, folder string) []string
	// keeps is added where a block begins, for a program that otherwise writes
	// into folders of the system.
	keeps func(folder string) (block, settings string)
	// cannot names cases that no setting makes hold through the proxy, and why.
	cannot map[string]string
	// farewell is in the lines that the program logs whenever a client leaves.
	farewell string
}

var proxies = []proxy{
	{
		program: "nginx", shipped: "nginx.conf",
		command: func(config, folder string) []string {
			main := "daemon off; pid " + filepath.Join(folder, "pid") + ";"
			if os.Geteuid() == 0 {
				main += " user root;" // whom else the test's folders are closed to
			}
			return []string{"nginx", "-e", "stderr", "-c", config, "-p", folder, "-g", main}
		},
		keeps: func(folder string) (string, string) {
			settings := "access_log off;"
			for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
				settings += fmt.Sprintf(" %s_temp_path %s;", what, filepath.Join(folder, what))
			}
			return "http {", settings
		},
		cannot: map[string]string{
			"AUTH-400-invalid-request": "a request with two Authorization fields is refused by nginx itself, with 400 and without a challenge",
		},
	},
	{
		program: "haproxy", shipped: "haproxy.cfg",
		command: func(config, _ string) []string { return []string{"haproxy", "-db", "-f", config} },
	},
	{
		program: "caddy", shipped: "Caddyfile",
		command: func(config, _ string) []string {
			return []string{"caddy", "run", "--config", config, "--adapter", "caddyfile"}
		},
		farewell: "context canceled",
	},
}

// What the shipped configurations are to be adapted in.
const (
	shippedListener    = "127.0.0.1:8443"
	shippedHub         = "127.0.0.1:3000"
	shippedCertificate = "/etc/ssl/hub.pem"
)

// TestThroughProxies judges the hub behind each proxy, run as its shipped
// configuration says but for addresses and the certificate: by each case once,
// over one of the versions of HTTP that clients speak; by every case over both
// where CONFORMANCE=full.
func TestThroughProxies(t *testing.T) {
	catalogue, err := readCatalogue("")
	if err != nil {
		t.Fatal(err)
	}
	pem := pemFile(t)
	for _, p := range proxies {
		t.Run(p.program, func(t *testing.T) {
			p.need(t)
			t.Parallel()
			inFront := func(hub string) string { return p.start(t, hub, pem) }
			others := variants(t, "", inFront)
			for i, version := range []string{"1.1", "2"} {
				t.Run("http "+version, func(t *testing.T) {
					var chosen []Case
					for j, one := range cases() {
						if j%2 == i || os.Getenv("CONFORMANCE") == "full" {
							chosen = append(chosen, one)
						}
					}
					target := combination{"http1", "auto", "bolt"}.target(t, "", others)
					target.Hub, target.HTTP = inFront(target.Hub), version
					if err := target.complete(); err != nil {
						t.Fatal(err)
					}
					plan := Plan{Target: target, Catalogue: catalogue, Cases: chosen, Strict: true, Parallel: 8}
					report(t, p.possible(t, plan.Run(t.Context())))
				})
			}
		})
	}
}

// TestProxiesWithoutHub: a subscriber must be told to come back, since native
// EventSource never returns after an error; a publisher has to know.
func TestProxiesWithoutHub(t *testing.T) {
	pem := pemFile(t)
	nobody := "http://" + freeAddress(t) + "/.well-known/mercure"
	for _, p := range proxies {
		t.Run(p.program, func(t *testing.T) {
			p.need(t)
			t.Parallel()
			target := Target{Hub: p.start(t, nobody, pem), Insecure: true, PublisherKey: testPublisherKey, Issuer: testIssuer}
			if err := target.complete(); err != nil {
				t.Fatal(err)
			}
			as(t, &target, current, func(t *T) {
				resp := t.send(Request{Query: "match=anything"})
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatalf("reading what a subscriber gets: %v", err)
				}
				if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || got != "text/event-stream" || string(body) != "retry: 3000\n\n" {
					t.Errorf("SSE-error-status: with the hub away a subscriber gets %d, %q, %q; want a 200 stream that says when to come back", resp.StatusCode, got, body)
				}
				t.WantStatus("PUB-200: publishing with the hub away", t.Post("", "topic=a"), 502, 503)
			})
		})
	}
}

// TestQueriesThroughProxies: a stream that was asked for with a body outlives
// the request. A proxy that goes on reading the body when the answer has come
// may take its end for an error, in some of a hundred (golang/go#40747).
func TestQueriesThroughProxies(t *testing.T) {
	pem := pemFile(t)
	for _, p := range proxies {
		t.Run(p.program, func(t *testing.T) {
			p.need(t)
			target := combination{"http1", "auto", "memory"}.target(t, "", nil)
			target.Hub, target.HTTP = p.start(t, target.Hub, pem), "1.1"
			if err := target.complete(); err != nil {
				t.Fatal(err)
			}
			const topic = "https://example.com/queried"
			var opened, ended sync.WaitGroup
			published := make(chan struct{})
			atOnce := make(chan struct{}, 8)
			opened.Add(1000)
			for range 1000 {
				ended.Go(func() {
					as(t, target, current, func(t *T) {
						atOnce <- struct{}{}
						s := func() *Stream {
							defer opened.Done()
							defer func() { <-atOnce }()
							return t.Open(Request{Method: "QUERY", Form: Form("match", topic)})
						}()
						<-published
						s.Next()
					})
				})
			}
			opened.Wait()
			as(t, target, current, func(t *T) { t.Publish("topic", topic) })
			close(published)
			ended.Wait()
		})
	}
}

// possible takes out what cannot hold through the proxy, and insists that it
// does not.
func (p proxy) possible(t *testing.T, results []Result) []Result {
	t.Helper()
	return slices.DeleteFunc(results, func(r Result) bool {
		why, cannot := p.cannot[r.Case]
		if cannot && r.Status == Passed {
			t.Errorf("%s passes through %s; it is listed as impossible, since %s", r.Case, p.program, why)
		}
		return cannot
	})
}

func (p proxy) need(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath(p.program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing, and CI=true leaves nothing out: apt-get install %s", p.program, p.program)
		}
		t.Skipf("left out: %s is missing: apt-get install %s", p.program, p.program)
	}
}

// start puts the proxy in front of a hub until the test is over, and returns
// the hub's URL through it.
func (p proxy) start(t *testing.T, hub, pem string) string {
	t.Helper()
	scheme, rest, _ := strings.Cut(hub, "://")
	upstream, path, _ := strings.Cut(rest, "/")
	if scheme != "http" {
		t.Fatalf("the configurations speak plain HTTP to the hub, which is at %s", hub)
	}
	folder, listener := t.TempDir(), freeAddress(t)
	argv := p.command(p.adapted(t, folder, listener, upstream, pem), folder)
	command := exec.Command(argv[0], argv[1:]...)
	command.Env = append(os.Environ(), "HOME="+folder, "XDG_DATA_HOME="+folder, "XDG_CONFIG_HOME="+folder)
	said := &lastLines{without: p.farewell}
	command.Stdout, command.Stderr = said, said
	if err := command.Start(); err != nil {
		t.Fatalf("starting %s: %v", p.program, err)
	}
	gone := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(gone)
	}()
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		select {
		case <-gone:
		case <-time.After(5 * time.Second): // nginx hangs on to nothing, but nobody may stay
			_ = command.Process.Kill()
			<-gone
		}
		if t.Failed() {
			t.Logf("the last that %s at %s said:\n%s", p.program, listener, said)
		}
	})
	awaitListener(t, listener, gone, said)
	return "https://" + listener + "/" + path
}

// adapted writes the shipped configuration with what is to be adapted.
func (p proxy) adapted(t *testing.T, folder, listener, upstream, pem string) (config string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "deploy", p.shipped))
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, part := range []string{shippedListener, shippedHub, shippedCertificate} {
		if !strings.Contains(text, part) {
			t.Fatalf("deploy/%s does not contain %s", p.shipped, part)
		}
	}
	text = strings.NewReplacer(shippedListener, listener, shippedHub, upstream, shippedCertificate, pem).Replace(text)
	if p.keeps != nil {
		block, settings := p.keeps(folder)
		text = strings.Replace(text, block, block+" "+settings, 1)
	}
	config = filepath.Join(folder, p.shipped)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

// lastLines keeps the last lines that a program printed.
type lastLines struct {
	without string // in lines that are not kept; "" keeps all

	mu    sync.Mutex
	rest  []byte // of a line without its end
	lines []string
}

// keptLines is how many lines are kept.
const keptLines = 50

func (l *lastLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte{'\n'})
		if !whole {
			return len(p), nil
		}
		l.rest = rest
		if l.without != "" && bytes.Contains(line, []byte(l.without)) {
			continue
		}
		if len(l.lines) == keptLines {
			l.lines = l.lines[1:]
		}
		l.lines = append(l.lines, string(line))
	}
}

func (l *lastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(append(slices.Clip(l.lines), string(l.rest)), "\n")
}

// awaitListener waits for a program that has no way to say that it is ready.
func awaitListener(t *testing.T, addr string, gone <-chan struct{}, said fmt.Stringer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for tick := time.Tick(20 * time.Millisecond); ; {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			return
		}
		select {
		case <-tick:
		case <-gone:
			t.Fatalf("the proxy ended before it listened at %s: %s", addr, said)
		case <-ctx.Done():
			t.Fatalf("nothing listens at %s after a minute", addr)
		}
	}
}

// pemFile makes a certificate for loopback, with its key in the same file.
func pemFile(t *testing.T) string {
	t.Helper()
	cert, key := certificate(t)
	var both []byte
	for _, name := range []string{cert, key} {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, raw...)
	}
	name := filepath.Join(t.TempDir(), "hub.pem")
	if err := os.WriteFile(name, both, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// nextPort begins below the ports that connections are made from, and goes on
// from there, so that programs which are told where to listen never meet.
var nextPort = struct {
	sync.Mutex
	port int
}{port: 20000 + os.Getpid()%100*100}

func freeAddress(t *testing.T) string {
	t.Helper()
	addr, err := unusedAddress()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func unusedAddress() (string, error) {
	nextPort.Lock()
	defer nextPort.Unlock()
	for ; nextPort.port < 1<<15; nextPort.port++ {
		addr := fmt.Sprintf("127.0.0.1:%d", nextPort.port)
		if l, err := net.Listen("tcp", addr); err == nil {
			nextPort.port++
			return addr, l.Close()
		}
	}
	return "", errors.New("no port is free")
}
