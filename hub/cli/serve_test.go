package cli

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/memory"
)

// A follower is one open stream.
type follower struct {
	t      *testing.T
	answer *http.Response
	events chan event
	end    chan error // how the body ended, once
}

func subscribe(t *testing.T, url, cursor string) *follower {
	t.Helper()
	return follow(t, http.DefaultClient, url, cursor)
}

func follow(t *testing.T, client *http.Client, url, cursor string) *follower {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cursor != "" {
		r.Header.Set(spec.HeaderLastEventID, cursor)
	}
	f := &follower{t: t, events: make(chan event, 100), end: make(chan error, 1)}
	if f.answer, err = client.Do(r); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.answer.Body.Close() })
	go func() {
		var s eventStream
		f.end <- s.read(f.answer.Body, func(e event) error { f.events <- e; return nil })
	}()
	return f
}

func (f *follower) next() event {
	f.t.Helper()
	select {
	case e := <-f.events:
		return e
	case err := <-f.end:
		f.t.Fatalf("the stream ended before the event: %v", err)
	case <-time.After(patience):
		f.t.Fatal("no event came")
	}
	return event{}
}

// ends waits for the end of the stream, which has to be a clean one: the
// final chunk, not a broken connection.
func (f *follower) ends() {
	f.t.Helper()
	select {
	case err := <-f.end:
		if err != io.EOF {
			f.t.Fatalf("the stream ended with %v, want its final chunk", err)
		}
	case <-time.After(patience):
		f.t.Fatal("the stream did not end")
	}
}

func publish(t *testing.T, hub, topic, data string) string {
	t.Helper()
	answer, err := (&publication{hubAccess: hubAccess{url: hub, key: secret}}).send(http.DefaultClient, []string{topic}, data)
	if err != nil {
		t.Fatal(err)
	}
	return answer.id
}

func status(t *testing.T, url string) int {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	return r.StatusCode
}

// TestDrain holds the order of a clean stop: readiness first, publishes and
// streams served on, new streams sent away with a 200, and the process gone
// with 0 as soon as no stream is left.
func TestDrain(t *testing.T) {
	c, at := serve(t, "--store", "memory:", "--metrics-addr", "127.0.0.1:0", "--drain", "10m")
	f := subscribe(t, at.Hub+"?topic=a", "")
	if got := status(t, at.Metrics+"/readyz"); got != http.StatusOK {
		t.Errorf("/readyz before the drain: %d, want 200", got)
	}

	c.signal(syscall.SIGHUP)
	c.log.until(t, "settings reloaded")
	c.signal(syscall.SIGTERM)
	c.log.until(t, "draining")

	if got := status(t, at.Metrics+"/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("/readyz while draining: %d, want 503", got)
	}
	id := publish(t, at.Hub, "a", "during")
	if e := f.next(); e.ID != id || e.Data != "during" {
		t.Errorf("while draining: got %+v, want the update %s", e, id)
	}
	turnedAway := subscribe(t, at.Hub+"?topic=a", "")
	if got := turnedAway.answer.StatusCode; got != http.StatusOK {
		t.Errorf("a new stream while draining: %d, want 200, since browsers never come back after anything else", got)
	}
	turnedAway.ends()

	f.answer.Body.Close()
	if code := c.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// TestDrainIsOver: streams that outlast --drain end cleanly.
func TestDrainIsOver(t *testing.T) {
	c, at := serve(t, "--store", "memory:", "--drain", "100ms")
	f := subscribe(t, at.Hub+"?topic=a", "")
	c.signal(syscall.SIGTERM)
	f.ends()
	if code := c.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// A pausing log appends when it is told to.
type pausing struct {
	store.Log
	goOn chan struct{}
}

func (l pausing) Append(ctx context.Context, want store.Durability, u ...*spec.Update) (store.Receipt, error) {
	<-l.goOn
	return l.Log.Append(ctx, want, u...)
}

// TestStopAnswersPublishers though a stream whose client does not read takes
// all the time that streams are given.
func TestStopAnswersPublishers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, err := memory.Open(memory.Options{})
		if err != nil {
			t.Fatal(err)
		}
		log := pausing{inner, make(chan struct{})}
		key, err := auth.ParseKey(secret, "HS256")
		if err != nil {
			t.Fatal(err)
		}
		logger := slog.New(slog.DiscardHandler)
		h, err := hub.New(hub.Config{Log: log, PublisherKey: key, Anonymous: true, Logger: logger})
		if err != nil {
			t.Fatal(err)
		}
		server := newServer(h, logger)
		server.RegisterOnShutdown(func() { close(log.goOn) })
		listener := pipe{make(chan net.Conn), make(chan struct{})}
		go server.Serve(listener)
		client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			listener.conns <- theirs
			return ours, nil
		}}}
		defer client.CloseIdleConnections()

		deaf, _ := client.Transport.(*http.Transport).DialContext(t.Context(), "", "")
		defer deaf.Close()
		if _, err := io.WriteString(deaf, "GET /.well-known/mercure?topic=a HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		published := make(chan error, 1)
		go func() {
			_, err := (&publication{hubAccess: hubAccess{url: "http://h/.well-known/mercure", key: secret}}).send(client, []string{"a"}, "d")
			published <- err
		}()
		synctest.Wait()
		if err := stop(h, []*http.Server{server}, nil, log, 0, logger); err != nil {
			t.Fatal(err)
		}
		if err := <-published; err != nil {
			t.Errorf("a publish under way when the hub stopped: %v", err)
		}
	})
}

// TestMaxConnectionsCountsEveryCarrier: streams that left net/http and streams
// that stay with it have one limit, and one answer beyond it.
func TestMaxConnectionsCountsEveryCarrier(t *testing.T) {
	_, at := serve(t, "--store", "memory:", "--max-connections", "2")
	over2 := &http.Client{Transport: &http.Transport{Protocols: new(http.Protocols)}}
	over2.Transport.(*http.Transport).Protocols.SetUnencryptedHTTP2(true)
	defer over2.CloseIdleConnections()
	clients := map[string]*http.Client{"HTTP/1.1": http.DefaultClient, "HTTP/2": over2}
	var open []*follower
	for _, client := range clients {
		open = append(open, follow(t, client, at.Hub+"?topic=a", ""))
	}
	for name, client := range clients {
		f := follow(t, client, at.Hub+"?topic=a", "")
		if f.answer.StatusCode != http.StatusOK {
			t.Errorf("one too many over %s: status %d, want 200", name, f.answer.StatusCode)
		}
		f.ends()
	}
	for i, f := range open {
		id := publish(t, at.Hub, "a", "d")
		for _, other := range open[i:] {
			if e := other.next(); e.ID != id {
				t.Errorf("got %+v, want the update %s", e, id)
			}
		}
		f.answer.Body.Close()
		for name, client := range clients {
			late := followSoon(t, client, at.Hub+"?topic=a")
			id := publish(t, at.Hub, "a", "d")
			if e := late.next(); e.ID != id {
				t.Errorf("over %s, after another left: got %+v, want the update %s", name, e, id)
			}
			for _, other := range open[i+1:] {
				other.next()
			}
			late.answer.Body.Close()
		}
	}
}

// followSoon opens a stream as soon as there is room for it.
func followSoon(t *testing.T, client *http.Client, url string) *follower {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		f := follow(t, client, url, "")
		if f.answer.ContentLength < 0 { // one without room has a length
			return f
		}
		if time.Now().After(deadline) {
			t.Fatal("there is no room for a stream though others left")
		}
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	c, at := serve(t, "--store", "memory:", "--drain", "10m")
	subscribe(t, at.Hub+"?topic=a", "")
	c.signal(syscall.SIGTERM)
	c.log.until(t, "draining")
	c.signal(syscall.SIGINT)
	if code := c.exit(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}

// TestSubscribeResumes cuts the command's stream by restarting the hub on the
// same address and history: what is published afterwards arrives, once.
func TestSubscribeResumes(t *testing.T) {
	store := "bolt:" + t.TempDir() + "/hub.db"
	c, at := serve(t, "--store", store, "--drain", "0")
	first := publish(t, at.Hub, "a", "one")

	f := start(t, "subscribe", "--url", at.Hub, "--last-event-id", "earliest", "--count", "2", "a")
	f.out.until(t, first)
	c.signal(syscall.SIGTERM)
	if code := c.exit(); code != 0 {
		t.Fatalf("exit code %d, want 0", code)
	}
	f.log.until(t, "resuming in")
	addr := strings.TrimSuffix(strings.TrimPrefix(at.Hub, "http://"), spec.WellKnownPath)
	_, at = serve(t, "--store", store, "--addr", addr)
	second := publish(t, at.Hub, "a", "two")
	for _, line := range f.out.until(t, second) {
		if strings.Contains(line, first) {
			t.Errorf("%s came twice", first)
		}
	}
	if code := f.exit(); code != 0 {
		t.Errorf("subscribe --count 2: exit code %d, want 0", code)
	}
}
