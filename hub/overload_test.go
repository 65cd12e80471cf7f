package hub_test

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cinnabar/hub"
	"cinnabar/hub/hubtest"

	"github.com/prometheus/client_golang/prometheus"
)

// An away is what a subscriber was told for whom there was no room.
type away struct {
	*http.Response
	body string
}

func ask(t *testing.T, h *hubtest.Hub, query string) away {
	t.Helper()
	return askWith(t, h, h.Request(http.MethodGet, query, nil))
}

func askWith(t *testing.T, h *hubtest.Hub, r *http.Request) away {
	t.Helper()
	answer, err := h.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var b strings.Builder
	read := make(chan error, 1)
	go func() { _, err := io.Copy(&b, answer.Body); read <- err }()
	select {
	case err := <-read:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(hubtest.Patience):
		t.Fatalf("the answer to %s does not end", r.URL)
	}
	return away{answer, b.String()}
}

// TestMaxConnections: as many streams as allowed are served, one more is told
// to come back, whichever way, and is served once another has left. Streams
// and publishers do not notice.
func TestMaxConnections(t *testing.T) {
	const most = 3
	for name, test := range map[string]struct {
		query, cursor string
		overload      hub.Overload
	}{
		"0.x, retry":  {"topic=a", "Last-Event-ID", 0},
		"1.0, retry":  {"match=a", "Mercure-Last-Event-ID", hub.OverloadRetry},
		"0.x, status": {"topic=a", "Last-Event-ID", hub.OverloadStatus},
		"1.0, status": {"match=a", "Mercure-Last-Event-ID", hub.OverloadStatus},
	} {
		t.Run(name, func(t *testing.T) {
			log := new(journal)
			h := hubtest.Start(t, log.configure, func(c *hub.Config) {
				c.MaxConnections, c.Overload, c.Retry = most, test.overload, 6*time.Second
			})
			id := h.Publish(form(t, "topic=a&data=before"))
			var streams []*hubtest.Stream
			for range most {
				streams = append(streams, h.Subscribe(test.query, ""))
			}
			for range 5 {
				got := ask(t, h, test.query+"&last_event_id="+id)
				if test.overload == hub.OverloadStatus {
					got.refused(t, http.StatusTooManyRequests)
				} else {
					got.sentAway(t, test.cursor, id)
				}
			}
			if got := ask(t, h, test.query+"&last_event_id=unknown"); test.overload != hub.OverloadStatus {
				got.sentAway(t, test.cursor, "earliest")
			}
			if got := ask(t, h, test.query); test.overload != hub.OverloadStatus {
				got.sentAway(t, test.cursor, "")
			}
			if n := strings.Count(log.String(), "as many streams are open as the hub allows"); n != 1 {
				t.Errorf("the log tells %d times that there is no room, want once:\n%s", n, log)
			}
			wantMetric(t, h, `mercure_subscribers_sent_away_total{reason="connections"} 7`)

			id = h.Publish(form(t, "topic=a&data=meanwhile"))
			for _, s := range streams {
				if got := s.Next(); got.ID != id {
					t.Errorf("an open stream got %+v, want the update %q", got, id)
				}
			}
			streams[0].Close()
			for deadline := time.Now().Add(hubtest.Patience); h.Streams() == most; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("a stream that was left is still open")
				}
			}
			late := h.Subscribe(test.query+"&last_event_id="+id, "")
			id = h.Publish(form(t, "topic=a&data=after"))
			if got := late.Next(); got.ID != id {
				t.Errorf("the stream in the free place got %+v, want the update %q", got, id)
			}
		})
	}
}

var retryAlone = regexp.MustCompile(`^retry: [4-8][0-9]{3}\n\n$`)

// sentAway: the answer looks like a stream, holds a reconnection time alone,
// and the cursor that a served stream would have had.
func (a away) sentAway(t *testing.T, cursorField, cursor string) {
	t.Helper()
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "text/event-stream" || !retryAlone.MatchString(a.body) {
		t.Errorf("a subscriber too many: status %d, type %q, body %q; want a stream with a retry field alone", a.StatusCode, a.Header.Get("Content-Type"), a.body)
	}
	if got := a.Header.Get(cursorField); got != cursor {
		t.Errorf("a subscriber too many: %s is %q, want %q", cursorField, got, cursor)
	}
	if !a.Close {
		t.Error("a subscriber too many keeps its connection")
	}
}

// refused: the answer is a status, and nothing of a stream.
func (a away) refused(t *testing.T, status int) {
	t.Helper()
	if a.StatusCode != status || a.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(a.body, `"status":`+strconv.Itoa(status)) {
		t.Errorf("a subscriber too many: status %d, body %q; want %d and a problem document", a.StatusCode, a.body, status)
	}
	if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || seconds < 4 || seconds > 8 {
		t.Errorf("a subscriber too many: Retry-After is %q, want 4 to 8", a.Header.Get("Retry-After"))
	}
	for _, field := range []string{"Last-Event-ID", "Mercure-Last-Event-ID", "X-Accel-Buffering"} {
		if values := a.Header.Values(field); values != nil {
			t.Errorf("a refusal has the field %s of a stream: %q", field, values)
		}
	}
	if !a.Close {
		t.Error("a subscriber too many keeps its connection")
	}
}

// TestShortage: what the process is short of is another reason, of its own.
func TestShortage(t *testing.T) {
	for _, overload := range []hub.Overload{hub.OverloadRetry, hub.OverloadStatus} {
		for _, shortage := range []hub.Shortage{hub.Descriptors, hub.Memory} {
			t.Run(overload.String()+", "+string(shortage), func(t *testing.T) {
				var short atomic.Bool
				h := hubtest.Start(t, func(c *hub.Config) {
					c.Overload, c.Retry = overload, 6*time.Second
					c.Shortage = func() hub.Shortage {
						if short.Load() {
							return shortage
						}
						return ""
					}
				})
				open := h.Subscribe("match=a", "")
				short.Store(true)
				for _, query := range []string{"match=a", "topic=a"} {
					if got := ask(t, h, query); overload == hub.OverloadRetry {
						got.sentAway(t, "Last-Event-ID", "")
					} else {
						got.refused(t, http.StatusServiceUnavailable)
					}
				}
				wantMetric(t, h, `mercure_subscribers_sent_away_total{reason="`+string(shortage)+`"} 2`)
				id := h.Publish(form(t, "topic=a"))
				if got := open.Next(); got.ID != id {
					t.Errorf("the open stream got %+v, want the update %q", got, id)
				}
				short.Store(false)
				h.Subscribe("match=a", "")
			})
		}
	}
}

// TestOverloadKeepsHTTP2: over HTTP/2 a subscriber sent away does not cost the
// others their connection.
func TestOverloadKeepsHTTP2(t *testing.T) {
	h := hubtest.Start(t, func(c *hub.Config) { c.MaxConnections = 1 })
	overHTTP2(t, h)
	h.Subscribe("match=a", "")
	for range 2 {
		var reused bool
		r := h.Request(http.MethodGet, "match=a", nil)
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
			GotConn: func(c httptrace.GotConnInfo) { reused = c.Reused },
		}))
		if status, body := h.Do(r); status != http.StatusOK || !strings.HasPrefix(body, "retry: ") || !reused {
			t.Errorf("a stream too many: status %d, body %q, on the connection of the others: %t; want 200, a retry field, true", status, body, reused)
		}
	}
}

func wantMetric(t *testing.T, h *hubtest.Hub, line string) {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(h.Collectors()...)
	if _, text := get(t, h.Operations(registry), "/metrics"); !strings.Contains(text, line+"\n") {
		t.Errorf("the metrics lack %s:\n%s", line, text)
	}
}
