package cli

import (
	"bufio"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"cinnabar/spec"
)

// shellWords takes a printed command apart: words and 'quoted' words.
func shellWords(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// request issues what a printed curl line would.
func request(t *testing.T, line string) io.ReadCloser {
	t.Helper()
	words := shellWords(line)
	var form []string
	header := make(http.Header)
	url := ""
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "-N":
		case "-d":
			i++
			form = append(form, words[i])
		case "-H":
			i++
			name, value, _ := strings.Cut(words[i], ": ")
			header.Set(name, value)
		default:
			url = words[i]
		}
	}
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r, err := http.NewRequest(method, url, strings.NewReader(strings.Join(form, "&")))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer.Body
}

// curl runs a printed line as it stands.
func curl(t *testing.T, line string) io.ReadCloser {
	t.Helper()
	c := exec.Command("sh", "-c", "exec "+strings.TrimSpace(line)+" -s")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	return out
}

// TestDev runs the printed lines of dev, with curl where there is one, then
// stops the hub, starts it again on its history and resumes before anything
// new was published.
func TestDev(t *testing.T) {
	ways := map[string]func(*testing.T, string) io.ReadCloser{"net/http": request}
	if _, err := exec.LookPath("curl"); err == nil {
		ways["curl"] = curl
	}
	for name, run := range ways {
		t.Run(name, func(t *testing.T) {
			args := []string{"dev", "--addr", "127.0.0.1:0", "--store", "bolt:" + t.TempDir() + "/dev.db"}
			c := start(t, args...)
			var lines []string
			for _, line := range c.out.until(t, "History:") {
				if strings.HasPrefix(line, "  curl ") {
					lines = append(lines, line)
				}
			}
			if len(lines) != 4 {
				t.Fatalf("dev printed %d curl lines, want two to subscribe and two to publish", len(lines))
			}
			var streams []*bufio.Reader
			for _, line := range lines[:2] {
				stream := bufio.NewReader(run(t, line))
				// Its first line says that the subscription is there.
				if opening, err := stream.ReadString('\n'); err != nil || !strings.HasPrefix(opening, "retry: ") {
					t.Fatalf("%s began with %q, error %v; want a reconnection time", line, opening, err)
				}
				streams = append(streams, stream)
			}
			var ids []string
			for _, line := range lines[2:] {
				id, err := io.ReadAll(run(t, line))
				if err != nil {
					t.Fatal(err)
				}
				if !strings.HasPrefix(string(id), "urn:uuid:") {
					t.Fatalf("%s: answered %q, want an id", line, id)
				}
				ids = append(ids, string(id))
			}
			for i, stream := range streams {
				for _, id := range ids {
					if e := nextEvent(t, stream); e.ID != id || e.Data != "Hello" {
						t.Errorf("%s: got %+v, want %s with Hello", lines[i], e, id)
					}
				}
			}
			c.signal(syscall.SIGTERM)
			if code := c.exit(); code != 0 {
				t.Errorf("exit code %d, want 0", code)
			}

			c = start(t, args...)
			hub := strings.TrimPrefix(c.out.until(t, "listens on ")[0], "Cinnabar listens on ")
			f := subscribe(t, hub+"?topic=https://example.com/books/1", ids[0])
			if got := f.answer.Header.Get(spec.HeaderLastEventID); got != ids[0] {
				t.Errorf("after the restart the hub resumed at %q, want %q", got, ids[0])
			}
			if e := f.next(); e.ID != ids[1] {
				t.Errorf("after the restart: got %+v, want %s", e, ids[1])
			}
		})
	}
}

func nextEvent(t *testing.T, stream *bufio.Reader) event {
	t.Helper()
	var e event
	for {
		line, err := stream.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended before the event: %v", err)
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			e.ID = value
		case "data":
			e.Data = value
		case "":
			if e.ID != "" {
				return e
			}
		}
	}
}

// TestDevAnswersToLocalhostOnly: a page whose name resolves to this machine
// gets nothing (DNS rebinding).
func TestDevAnswersToLocalhostOnly(t *testing.T) {
	c := start(t, "dev", "--addr", "127.0.0.1:0", "--store", "memory:")
	hub := strings.TrimPrefix(c.out.until(t, "listens on ")[0], "Cinnabar listens on ")
	for host, want := range map[string]int{
		"localhost":            http.StatusOK,
		"LocalHost:8080":       http.StatusOK,
		"127.0.0.1":            http.StatusOK,
		"127.8.9.10:3000":      http.StatusOK,
		"[::1]:3000":           http.StatusOK,
		"[::1]":                http.StatusOK,
		"attacker.example":     http.StatusMisdirectedRequest,
		"localhost.evil:3000":  http.StatusMisdirectedRequest,
		"127.0.0.1.nip.io":     http.StatusMisdirectedRequest,
		"192.0.2.1:3000":       http.StatusMisdirectedRequest,
		"0x7f000001":           http.StatusMisdirectedRequest,
		"[fe80::1%25lo]:3000":  http.StatusMisdirectedRequest,
		"localhost, 127.0.0.1": http.StatusMisdirectedRequest,
	} {
		r, err := http.NewRequest(http.MethodHead, hub+"?topic=a", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Errorf("Host %s: %v", host, err)
			continue
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("Host %s: got %d, want %d", host, answer.StatusCode, want)
		}
	}
}
