package hub_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/memory"
)

// A moody log does what its mood says before anything else.
type moody struct {
	store.Log
	appends, finds atomic.Pointer[error]
}

func newMoody(t *testing.T) *moody {
	t.Helper()
	log, err := memory.Open(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return &moody{Log: log}
}

// Errors may wear off: nil is a good mood.
func (m *moody) failAppends(err error) { m.appends.Store(&err) }
func (m *moody) failFinds(err error)   { m.finds.Store(&err) }

func (m *moody) Append(ctx context.Context, want store.Durability, u ...*spec.Update) (store.Receipt, error) {
	if err := m.appends.Load(); err != nil && *err != nil {
		return store.Receipt{}, *err
	}
	return m.Log.Append(ctx, want, u...)
}

func (m *moody) Find(ctx context.Context, id string) (store.Place, error) {
	if err := m.finds.Load(); err != nil && *err != nil {
		return store.Place{}, *err
	}
	return m.Log.Find(ctx, id)
}

func (m *moody) Health() error {
	if err := m.appends.Load(); err != nil && *err != nil {
		return *err
	}
	return m.Log.Health()
}

// publishRequest makes a publish that is fine in itself.
func publishRequest(h *hubtest.Hub, body io.Reader) *http.Request {
	r := h.Request(http.MethodPost, "", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+h.Sign(hubtest.Token{Publish: []string{"*"}}))
	return r
}

// TestFullDiskDoesNotFillTheLog: what is told for every publish would itself
// fill the disk.
func TestFullDiskDoesNotFillTheLog(t *testing.T) {
	history, log := newMoody(t), new(journal)
	h := hubtest.Start(t, log.configure, func(c *hub.Config) { c.Log = history })
	history.failAppends(fmt.Errorf("%w: no space left on device", store.ErrUnavailable))
	for range 100 {
		if status, body := h.Do(publishRequest(h, strings.NewReader("topic=a"))); status != http.StatusServiceUnavailable {
			t.Fatalf("publishing to a full disk: %d: %s", status, body)
		}
	}
	if n := strings.Count(log.String(), "no space left"); n != 1 {
		t.Errorf("of 100 publishes refused for one reason the log tells %d, want 1:\n%s", n, log)
	}
	history.failAppends(errors.New("surprise"))
	h.Do(publishRequest(h, strings.NewReader("topic=a")))
	if !strings.Contains(log.String(), "surprise") {
		t.Errorf("another reason is not told:\n%s", log)
	}
}

func TestPublishWhileHistoryIsAway(t *testing.T) {
	log := newMoody(t)
	h := hubtest.Start(t, func(c *hub.Config) { c.Log = log })
	s := h.Subscribe("match=a", "")

	for name, test := range map[string]struct {
		err    error
		status int
		retry  string
	}{
		"unavailable": {store.ErrUnavailable, http.StatusServiceUnavailable, "1"},
		"closed":      {store.ErrClosed, http.StatusServiceUnavailable, "1"},
		"too large":   {store.ErrTooLarge, http.StatusRequestEntityTooLarge, ""},
		"surprising":  {errors.New("surprise"), http.StatusInternalServerError, ""},
	} {
		log.failAppends(fmt.Errorf("writing to a place that strangers must not learn: %w", test.err))
		answer, err := h.Client.Do(publishRequest(h, strings.NewReader("topic=a&data="+name)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != test.status || answer.Header.Get("Retry-After") != test.retry {
			t.Errorf("%s: status %d, Retry-After %q; want %d and %q", name, answer.StatusCode, answer.Header.Get("Retry-After"), test.status, test.retry)
		}
		if strings.Contains(string(body), "strangers") {
			t.Errorf("%s: the body tells what belongs in the log: %s", name, body)
		}
		if h.Ready() == nil {
			t.Errorf("%s: the hub is ready while its history is not", name)
		}
	}
	log.failAppends(nil)
	id := h.Publish(form(t, "topic=a&data=back"))
	if got := s.Next(); got.ID != id {
		t.Errorf("the stream that stayed open got %+v first, want %q", got, id)
	}
	if err := h.Ready(); err != nil {
		t.Errorf("not ready after the history is back: %v", err)
	}
}

// A hesitant log does something else before it appends.
type hesitant struct {
	store.Log
	first func(context.Context)
}

func (l *hesitant) Append(ctx context.Context, want store.Durability, u ...*spec.Update) (store.Receipt, error) {
	l.first(ctx)
	return l.Log.Append(ctx, want, u...)
}

// A publisher that closes its side of the connection after its request, as
// "nc -N" does, looks to net/http as if it were gone.
func TestPublishByAClientThatSaysNoMore(t *testing.T) {
	ctx, closeSide := context.WithCancel(t.Context())
	log := &hesitant{newMoody(t), func(context.Context) { closeSide() }}
	h := hubtest.Start(t, func(c *hub.Config) { c.Log = log })
	s := h.Subscribe("match=a", "")
	answer := httptest.NewRecorder() // without a connection, so that the context is ours
	h.ServeHTTP(answer, publishRequest(h, strings.NewReader("topic=a&data=d")).WithContext(ctx))
	if event := s.Next(); answer.Code != http.StatusOK || answer.Body.String() != event.ID {
		t.Errorf("PUB-200: the update was dispatched as %q and answered with status %d: %s", event.ID, answer.Code, answer.Body)
	}
}

func TestPublisherDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key, err := auth.ParseKey(hubtest.PublisherSecret, "HS256")
		if err != nil {
			t.Fatal(err)
		}
		log := &hesitant{newMoody(t), func(ctx context.Context) { <-ctx.Done() }}
		h, err := hub.New(hub.Config{Log: log, PublisherKey: key, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close(context.Background())
		r := httptest.NewRequest(http.MethodPost, spec.WellKnownPath, strings.NewReader("topic=a"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+hubtest.Sign(t, "", hubtest.Token{Publish: []string{"*"}}))
		answer := httptest.NewRecorder()
		start := time.Now()
		h.ServeHTTP(answer, r)
		if took := time.Since(start); answer.Code != http.StatusServiceUnavailable || took != 30*time.Second {
			t.Errorf("a history that hangs: status %d after %v, want 503 after 30s", answer.Code, took)
		}
	})
}

// A subscriber whose cursor cannot be looked up now must come back, which
// browsers do after no other status than 200.
func TestSubscribeWhileHistoryIsAway(t *testing.T) {
	log := newMoody(t)
	h := hubtest.Start(t, func(c *hub.Config) { c.Log = log })
	log.failFinds(store.ErrUnavailable)
	status, body := h.Do(h.Request(http.MethodGet, "match=a&last_event_id=x", nil))
	if status != http.StatusOK || !strings.HasPrefix(body, "retry: ") || strings.Contains(body, "id:") {
		t.Errorf("status %d, body %q; want 200 and a retry field alone", status, body)
	}
}

// A body is not asked for before it is known who sends it.
func TestAuthenticatesBeforeReadingTheBody(t *testing.T) {
	h := hubtest.Start(t)
	for _, method := range []string{http.MethodPost, "QUERY"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(h.Origin, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer garbage\r\nExpect: 100-continue\r\n"+
			"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n", method, spec.WellKnownPath)
		if err := conn.SetReadDeadline(time.Now().Add(hubtest.Patience)); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.Contains(line, " 401 ") {
			t.Errorf("%s: the first answer is %q (%v), want 401", method, line, err)
		}
	}
}

func TestPublishSizeLimits(t *testing.T) {
	h := hubtest.Start(t, func(c *hub.Config) { c.MaxBodySize = 2000; c.MaxTopics = 3 })
	s := h.Subscribe("match=a", "")
	long := "topic=a&data=" + strings.Repeat("x", 2000)
	for name, body := range map[string]io.Reader{
		"by length":     strings.NewReader(long),
		"chunked":       io.MultiReader(strings.NewReader(long)),
		"of topics":     strings.NewReader("topic=a&topic=b&topic=c&topic=d"),
		"of any fields": strings.NewReader("topic=a" + strings.Repeat("&", 1500)),
	} {
		if status, answer := h.Do(publishRequest(h, body)); status != http.StatusRequestEntityTooLarge {
			t.Errorf("LIMIT-publish-exceeded-413: too much %s: status %d (%s), want 413", name, status, answer)
		}
	}
	status, id := h.Do(publishRequest(h, io.MultiReader(strings.NewReader("topic=a&data=chunked"))))
	if status != http.StatusOK {
		t.Fatalf("a chunked body within the limits: status %d (%s), want 200", status, id)
	}
	if got := s.Next(); got.ID != id {
		t.Errorf("PUB-rejected-not-dispatched: got %+v first, want %q", got, id)
	}
}

func TestPublishFromGo(t *testing.T) {
	h := hubtest.Start(t)
	s := h.Subscribe("topic=a", "")
	id, err := h.Hub.Publish(t.Context(), spec.Fields{Topics: []string{"a"}, Data: "d"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Next(), (hubtest.Event{ID: id.String(), Data: "d"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	var fault *spec.Fault
	if _, err := h.Hub.Publish(t.Context(), spec.Fields{}); !errors.As(err, &fault) {
		t.Errorf("publishing without a topic: %v, want a *spec.Fault", err)
	}
}
