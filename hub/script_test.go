package hub_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
)

// TestScripts runs the conversations in testdata/*.http. Requests go out byte
// for byte as written, each on a connection of its own. See testdata/README
// for the format.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.http")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head, cases, _ := strings.Cut(string(text), "\n## ")
			for _, c := range strings.Split(cases, "\n## ") {
				name, steps, _ := strings.Cut(c, "\n")
				t.Run(name, func(t *testing.T) {
					newScript(t, head).run(steps)
				})
			}
		})
	}
}

// A script is one case and what its steps have learnt.
type script struct {
	t     *testing.T
	hub   *hubtest.Hub
	known map[string]string
}

func newScript(t *testing.T, head string) *script {
	h := hubtest.Start(t, func(c *hub.Config) { configure(t, c, head) })
	return &script{t: t, hub: h, known: map[string]string{
		"hub":                         spec.WellKnownPath,
		"origin":                      h.Origin,
		"host":                        strings.TrimPrefix(h.Origin, "http://"),
		"publisher":                   h.Sign(hubtest.Token{Publish: []string{"*"}}),
		"publisher-1.0":               h.Sign(hubtest.Token{Generation: spec.Current, Publish: []string{"*"}}),
		"publisher-a":                 h.Sign(hubtest.Token{Publish: []string{"a"}}),
		"publisher-a-1.0":             h.Sign(hubtest.Token{Generation: spec.Current, Publish: []string{"a"}}),
		"publisher-none":              h.Sign(hubtest.Token{Role: auth.Publisher}),
		"subscriber":                  h.Sign(hubtest.Token{Subscribe: []string{"*"}}),
		"subscriber-1.0":              h.Sign(hubtest.Token{Generation: spec.Current, Subscribe: []string{"*"}}),
		"lister":                      h.Sign(hubtest.Token{Subscribe: []string{spec.WellKnownPath + "/subscriptions{/topic}{/subscriber}"}}),
		"lister-1.0":                  h.Sign(hubtest.Token{Generation: spec.Current, Subscribe: []string{spec.WellKnownPath + "/subscriptions"}}),
		"publisher-as-subscriber-1.0": h.Sign(hubtest.Token{Generation: spec.Current, Role: auth.Subscriber, Publish: []string{"*"}}),
		"expired":                     h.Sign(hubtest.Token{Subscribe: []string{"*"}, Expires: time.Now().Add(-time.Hour)}),
	}}
}

// configure applies the "hub:" line of a script.
func configure(t *testing.T, c *hub.Config, head string) {
	for line := range strings.Lines(head) {
		settings, ok := strings.CutPrefix(line, "hub:")
		if !ok {
			continue
		}
		for _, setting := range strings.Fields(settings) {
			name, value, _ := strings.Cut(setting, "=")
			switch name {
			case "closed":
				c.Anonymous = false
			case "query-token":
				c.LegacyQueryToken = true
			case "unnamed":
				c.ResourceIdentifier = ""
			case "only-0.x":
				c.Generations = spec.Only(spec.Legacy)
			case "only-1.0":
				c.Generations = spec.Only(spec.Current)
			case "cors":
				c.CORSOrigins = strings.Split(value, ",")
			case "publish-origins":
				c.PublishOrigins = strings.Split(value, ",")
			case "subscriptions":
				c.Subscriptions = true
			case "small":
				c.MaxBodySize, c.MaxTopics, c.MaxMatchers = 4096, 2, 2
			default:
				t.Fatalf("unknown setting %q", name)
			}
		}
	}
}

func (s *script) run(steps string) {
	for step := range strings.SplitSeq(strings.TrimSpace(steps), "\n\n") {
		var request, body, expected []string
		for line := range strings.Lines(step) {
			line = s.expand(strings.TrimSuffix(line, "\n"))
			switch {
			case strings.HasPrefix(line, "#"):
			case strings.HasPrefix(line, "> "):
				expected = append(expected, line[2:])
			case strings.HasPrefix(line, "+ "):
				body = append(body, line[2:])
			default:
				request = append(request, line)
			}
		}
		if len(request) == 0 || len(expected) == 0 {
			s.t.Fatalf("a step needs a request and an expectation:\n%s", step)
		}
		s.step(request, strings.Join(body, "&"), expected)
	}
}

// step is one request and what is expected of its answer: at once, or soon.
func (s *script) step(request []string, body string, expected []string) {
	s.t.Helper()
	soon := expected[0] == "soon"
	if soon {
		expected = expected[1:]
	}
	for end := time.Now().Add(hubtest.Patience); ; time.Sleep(time.Millisecond) {
		problems := s.exchange(request, body, expected)
		if len(problems) == 0 {
			return
		}
		if !soon || time.Now().After(end) {
			s.t.Errorf("%s%s", request[0], strings.Join(problems, ""))
			return
		}
	}
}

func (s *script) expand(line string) string {
	for name, value := range s.known {
		line = strings.ReplaceAll(line, "{"+name+"}", value)
	}
	return line
}

// exchange sends a request and returns what is wrong with its answer.
func (s *script) exchange(request []string, body string, expected []string) (problems []string) {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.known["host"])
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(hubtest.Patience)); err != nil {
		s.t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(request[0] + " HTTP/1.1\r\n")
	if !strings.Contains(strings.Join(request, "\n"), "\nHost:") {
		b.WriteString("Host: " + s.known["host"] + "\r\n")
	}
	for _, header := range request[1:] {
		b.WriteString(header + "\r\n")
	}
	if body != "" {
		b.WriteString("Content-Type: application/x-www-form-urlencoded\r\n")
	}
	b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	if _, err := io.WriteString(conn, b.String()); err != nil {
		s.t.Fatal(err)
	}
	method, _, _ := strings.Cut(request[0], " ")
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		s.t.Fatalf("%s: %v", request[0], err)
	}
	// The body is not closed: that would wait for the end of a stream.
	var content string
	if answer.Header.Get("Content-Type") != "text/event-stream" {
		all, err := io.ReadAll(answer.Body)
		if err != nil {
			s.t.Fatalf("%s: reading the answer: %v", request[0], err)
		}
		content = string(all)
	}
	for _, want := range expected {
		if problem := s.judge(answer, content, want); problem != "" {
			problems = append(problems, "\n\texpected "+want+"\n\tgot "+problem)
		}
	}
	return problems
}

// judge returns what is wrong with an answer, "" for nothing.
func (s *script) judge(answer *http.Response, content, want string) string {
	switch {
	case want[0] >= '0' && want[0] <= '9':
		if want != strconv.Itoa(answer.StatusCode) {
			return answer.Status + ": " + content
		}
		return ""
	case want[0] == '!':
		if values := answer.Header.Values(want[1:]); len(values) > 0 {
			return want[1:] + ": " + strings.Join(values, ", ")
		}
		return ""
	case strings.HasPrefix(want, "body -> "):
		s.known[strings.TrimPrefix(want, "body -> ")] = content
		return ""
	}
	name, value, _ := strings.Cut(want, " ")
	got := content
	if name, ok := strings.CutSuffix(name, ":"); ok {
		if got = strings.Join(answer.Header.Values(name), ", "); got == value {
			return ""
		}
		return got
	}
	operator, value, _ := strings.Cut(value, " ")
	if name != "body" {
		got = strings.Join(answer.Header.Values(name), ", ")
	}
	switch operator {
	case "=":
		if got == value {
			return ""
		}
	case "~":
		if strings.Contains(got, value) {
			return ""
		}
	case "!~":
		if !strings.Contains(got, value) {
			return ""
		}
	default:
		s.t.Fatalf("unknown expectation %q", want)
	}
	return got
}
