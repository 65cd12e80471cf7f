package hub_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
)

// form makes a publish form from name=value pairs as they would be typed.
func form(t *testing.T, raw string) url.Values {
	t.Helper()
	v, err := url.ParseQuery(raw)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// overCarriers runs a test with streams that the hub carries itself, where it
// can, and with streams that it leaves to net/http.
func overCarriers(t *testing.T, f func(t *testing.T, carrier func(*hub.Config))) {
	for name, portable := range map[string]bool{"auto": false, "portable": true} {
		t.Run(name, func(t *testing.T) { f(t, func(c *hub.Config) { c.PortableStreams = portable }) })
	}
}

// TestDelivery proves what a stream gets and, by a sentinel published last,
// what it does not get.
func TestDelivery(t *testing.T) { overCarriers(t, testDelivery) }

func testDelivery(t *testing.T, carrier func(*hub.Config)) {
	const legacy, current = spec.Legacy, spec.Current
	tests := map[string]struct {
		query   string
		token   *hubtest.Token // nil: anonymous
		publish []string
		want    []string // data
	}{
		"SUB-param-match: exact, not a pattern": {
			query:   "match=https://e.x/:id",
			publish: []string{"topic=https://e.x/1&data=no", "topic=https://e.x/:id&data=yes"},
			want:    []string{"yes"},
		},
		"SUB-any-of": {
			query:   "match=a&match=b",
			publish: []string{"topic=b&topic=z&data=1", "topic=c&data=2", "topic=a&data=3"},
			want:    []string{"1", "3"},
		},
		"SUB-once-per-stream": {
			query:   "match=a&match_exact=a&match=*&match=b",
			publish: []string{"topic=a&topic=b&data=1"},
			want:    []string{"1"},
		},
		"SUB-0x-any-selector": {
			query:   "topic=a%7Bb",
			publish: []string{"topic=a%7Bb&data=1"},
			want:    []string{"1"},
		},
		"SUB-0x-topic-param": {
			query:   "topic=a&topic=https://e.x/%7Bid%7D",
			publish: []string{"topic=a&data=1", "topic=https://e.x/1&data=2"},
			want:    []string{"1", "2"},
		},
		"G1: 1.0 does not read templates in topic": {
			query:   "match=a&topic=b",
			publish: []string{"topic=b&data=no", "topic=a&data=yes"},
			want:    []string{"yes"},
		},
		"SUB-parse-urlencoded, SUB-parse-semicolon": {
			query:   "match=a+b&&match=c=d&match=e;f",
			publish: []string{"topic=a+b&data=1", "topic=c%3Dd&data=2", "topic=e%3Bf&data=3"},
			want:    []string{"1", "2", "3"},
		},
		"AUTH-anonymous-public-only": {
			query:   "match=*",
			publish: []string{"topic=a&private=on&data=no", "topic=a&data=yes"},
			want:    []string{"yes"},
		},
		"PUB-private-value-ignored": {
			query:   "topic=*",
			publish: []string{"topic=a&private=false&data=1", "topic=a&private=&data=2", "topic=a&private=0&data=3"},
		},
		"SUB-routing-never-grants": {
			query:   "match=*",
			token:   &hubtest.Token{Generation: current},
			publish: []string{"topic=a&private=on&data=no"},
		},
		"AUTH-subscribe-any-topic": {
			query:   "match=a",
			token:   &hubtest.Token{Generation: current, Subscribe: []string{"b"}},
			publish: []string{"topic=a&topic=b&private=on&data=yes", "topic=a&private=on&data=no"},
			want:    []string{"yes"},
		},
		"AUTH-subscribe-routing-needed": {
			query:   "match=a",
			token:   &hubtest.Token{Generation: current, Subscribe: []string{"*"}},
			publish: []string{"topic=b&private=on&data=no"},
		},
		"AUTH-0x-subscribe-any-topic": {
			query:   "topic=https://e.x/books/%7Bid%7D",
			token:   &hubtest.Token{Generation: legacy, Subscribe: []string{"https://e.x/users/foo/{?topic}"}},
			publish: []string{"topic=https://e.x/books/1&topic=https://e.x/users/foo/?topic=https%253A%252F%252Fe.x%252Fbooks%252F1&private=on&data=yes"},
			want:    []string{"yes"},
		},
		"AUTH-0x-subscribe-none": {
			query:   "topic=*",
			token:   &hubtest.Token{Generation: legacy, Subscribe: []string{"a"}},
			publish: []string{"topic=b&private=on&data=no", "topic=a&private=on&data=yes"},
			want:    []string{"yes"},
		},
		"AUTH-subscribe-action-only": {
			query:   "match=a",
			token:   &hubtest.Token{Generation: current, Role: auth.Subscriber, Publish: []string{"*"}},
			publish: []string{"topic=a&private=on&data=no", "topic=a&data=yes"},
			want:    []string{"yes"},
		},
		"SSE-data-lines, PUB-no-sse-injection": {
			query:   "match=a",
			publish: []string{"topic=a&data=x%0Aid:+y%0D%0Aevent:+z"},
			want:    []string{"x\nid: y\nevent: z"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := hubtest.Start(t, carrier)
			token := ""
			if test.token != nil {
				token = h.Sign(*test.token)
			}
			sentinel := "&match=sentinel"
			if strings.HasPrefix(test.query, "topic") {
				sentinel = "&topic=sentinel"
			}
			s := h.Subscribe(test.query+sentinel, token)
			for _, raw := range test.publish {
				h.Publish(form(t, raw))
			}
			h.Publish(form(t, "topic=sentinel&data=sentinel"))
			var got []string
			for e := s.Next(); e.Data != "sentinel"; e = s.Next() {
				got = append(got, e.Data)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got events %q, want %q", got, test.want)
			}
		})
	}
}

// Both generations follow one history on one URL, and see the same ids.
func TestBothGenerationsOnOneURL(t *testing.T) { overCarriers(t, testBothGenerationsOnOneURL) }

func testBothGenerationsOnOneURL(t *testing.T, carrier func(*hub.Config)) {
	h := hubtest.Start(t, carrier)
	legacy := h.Subscribe("topic=https://e.x/%7Bid%7D", "")
	current := h.Subscribe("match=https://e.x/1", "")
	id := h.Publish(form(t, "topic=https://e.x/1&data=d&type=t&retry=1500"))
	want := hubtest.Event{ID: id, Type: "t", Data: "d", Retry: "1500"}
	for name, s := range map[string]*hubtest.Stream{"0.x": legacy, "1.0": current} {
		if got := s.Next(); got != want {
			t.Errorf("SSE-all-fields: the %s stream got %+v, want %+v", name, got, want)
		}
	}
}

func TestQueryUnion(t *testing.T) { overCarriers(t, testQueryUnion) }

func testQueryUnion(t *testing.T, carrier func(*hub.Config)) {
	h := hubtest.Start(t, carrier)
	query := func(component, body, header string) *hubtest.Stream {
		r := h.Request("QUERY", component, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if header != "" {
			r.Header.Set("Last-Event-ID", header)
		}
		return h.Open(r)
	}

	s := query("match=a", "match=b", "")
	one, two := h.Publish(form(t, "topic=a")), h.Publish(form(t, "topic=b"))
	for _, want := range []string{one, two} {
		if got := s.Next().ID; got != want {
			t.Errorf("SUB-body-union: got %q, want %q", got, want)
		}
	}
	three, four := h.Publish(form(t, "topic=a")), h.Publish(form(t, "topic=b"))

	for name, test := range map[string]struct {
		component, body, header, want string
	}{
		"SUB-body-cursor":             {"", "match=a&match=b&last_event_id=" + one, "", two},
		"SUB-body-cursor-query-wins":  {"last_event_id=" + two, "match=a&match=b&last_event_id=" + one, "", three},
		"SUB-body-cursor-header-wins": {"last_event_id=" + two, "match=a&match=b&last_event_id=" + one, three, four},
	} {
		if got := query(test.component, test.body, test.header).Next().ID; got != test.want {
			t.Errorf("%s: replay begins with %q, want %q", name, got, test.want)
		}
	}
}

// nginx speaks HTTP/1.0 to what is behind it, unless told otherwise: such a
// stream has no chunks.
func TestStreamOverHTTP10(t *testing.T) { overCarriers(t, testStreamOverHTTP10) }

func testStreamOverHTTP10(t *testing.T, carrier func(*hub.Config)) {
	h := hubtest.Start(t, carrier)
	id := h.Publish(form(t, "topic=a&data=d"))
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.Origin, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(hubtest.Patience)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET %s?match=a&last_event_id=earliest HTTP/1.0\r\n\r\n", spec.WellKnownPath)
	var body strings.Builder
	for lines := bufio.NewScanner(conn); !strings.HasSuffix(body.String(), "data: d\n") && lines.Scan(); {
		if body.Len() > 0 || lines.Text() == "" {
			body.WriteString(lines.Text() + "\n")
		}
	}
	want := regexp.MustCompile(`^\nretry: [0-9]+\n\nid: ` + id + `\ndata: d\n$`)
	if !want.MatchString(body.String()) {
		t.Errorf("the body is %q, want it to match %q", body.String(), want)
	}
}

// overHTTP2 makes a hub reached over HTTP/2, with TLS.
func overHTTP2(t *testing.T, h *hubtest.Hub) {
	t.Helper()
	server := httptest.NewUnstartedServer(h.Hub)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	h.Client = server.Client()
	t.Cleanup(h.Client.CloseIdleConnections)
	h.URL = server.URL + spec.WellKnownPath
}

func TestStreamOverHTTP2(t *testing.T) {
	h := hubtest.Start(t)
	overHTTP2(t, h)
	s := h.Subscribe("match=a", "")
	if s.Response.ProtoMajor != 2 {
		t.Fatalf("the stream is HTTP/%d", s.Response.ProtoMajor)
	}
	id := h.Publish(form(t, "topic=a"))
	if got := s.Next(); got.ID != id {
		t.Errorf("got %+v, want %q", got, id)
	}
}

// A stream begins with a reconnection time that dispatches no event, and ends
// cleanly at its maximum lifetime.
func TestStreamLifetime(t *testing.T) { overCarriers(t, testStreamLifetime) }

func testStreamLifetime(t *testing.T, carrier func(*hub.Config)) {
	h := hubtest.Start(t, carrier, func(c *hub.Config) {
		c.MaxLifetime = 50 * time.Millisecond
		c.Retry = 6 * time.Second
	})
	s := h.Subscribe("match=a", "")
	s.End() // SSE-clean-end, AUTH-max-lifetime
	if ms, err := strconv.Atoi(s.Retry); err != nil || ms < 4000 || ms > 8000 {
		t.Errorf("SSE-retry-own: retry is %q, want digits from 4000 to 8000", s.Retry)
	}
}

func TestStreamEndsWithItsToken(t *testing.T) { overCarriers(t, testStreamEndsWithItsToken) }

func testStreamEndsWithItsToken(t *testing.T, carrier func(*hub.Config)) {
	for _, g := range []spec.Generation{spec.Legacy, spec.Current} {
		t.Run(g.String(), func(t *testing.T) {
			h := hubtest.Start(t, carrier, func(c *hub.Config) { c.MaxLifetime = time.Hour })
			query := map[spec.Generation]string{spec.Legacy: "topic=a", spec.Current: "match=a"}[g]
			expires := time.Now().Add(time.Second).Truncate(time.Millisecond)
			token := h.Sign(hubtest.Token{Generation: g, Subscribe: []string{"a"}, Expires: expires})
			h.Subscribe(query, token).End()
			if early := time.Until(expires); early > 0 {
				t.Errorf("AUTH-exp-close: the stream ended %v before exp", early)
			}

			r := h.Request(http.MethodGet, query, nil)
			r.Header.Set("Authorization", "Bearer "+token)
			if status, _ := h.Do(r); status != http.StatusUnauthorized {
				t.Errorf("AUTH-exp-enforced: status %d after exp, want 401", status)
			}
		})
	}
}

func TestDrain(t *testing.T) { overCarriers(t, testDrain) }

func testDrain(t *testing.T, carrier func(*hub.Config)) {
	h := hubtest.Start(t, carrier)
	open := h.Subscribe("match=a", "")
	id := h.Publish(form(t, "topic=a&data=before"))
	if got := open.Next(); got.ID != id {
		t.Fatalf("got %+v, want the update %q", got, id)
	}
	h.Drain()
	if h.Ready() == nil {
		t.Error("a draining hub is ready")
	}

	retry := regexp.MustCompile(`^retry: [0-9]{4,}\n\n$`)
	for name, test := range map[string]struct{ query, field, want string }{
		"without a cursor":    {"match=a", "Mercure-Last-Event-ID", ""},
		"with one":            {"match=a&last_event_id=" + id, "Mercure-Last-Event-ID", id},
		"with an unknown one": {"topic=a&lastEventID=x", "Last-Event-ID", "earliest"},
	} {
		r := h.Request(http.MethodGet, test.query, nil)
		answer, err := h.Client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got := answer.Header.Get(test.field)
		answer.Body.Close()
		status, body := h.Do(h.Request(http.MethodGet, test.query, nil))
		if status != http.StatusOK || !retry.MatchString(body) || got != test.want {
			t.Errorf("new stream %s: status %d, body %q, %s %q; want 200, a retry field alone and %q", name, status, body, test.field, got, test.want)
		}
	}
	id = h.Publish(form(t, "topic=a&data=meanwhile")) // still served
	if got := open.Next(); got.ID != id {
		t.Errorf("the open stream got %+v, want the update %q", got, id)
	}

	ctx, cancel := context.WithTimeout(t.Context(), hubtest.Patience)
	defer cancel()
	if err := h.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
	open.End()
	if n := h.Streams(); n != 0 {
		t.Errorf("%d streams are open after Close", n)
	}
	if status, body := h.Do(h.Request(http.MethodGet, "match=a", nil)); status != http.StatusOK || !retry.MatchString(body) {
		t.Errorf("a stream after Close: status %d, body %q; want 200 and a retry field", status, body)
	}
}
