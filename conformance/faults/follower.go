package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// reconnection is how long a follower waits before it connects again.
const reconnection = 20 * time.Millisecond

// Earliest is the cursor that asks for everything retained.
const Earliest = "earliest"

// A Subscription is what a follower asks for. Selectors are topics or "*".
type Subscription struct {
	Name   string // for reports
	Topics []string
	Token  string
	// Granted is what the token lets it read of private updates.
	Granted []string
	// From is the cursor of the first connection; "" begins live.
	From string
	// ReadBuffer bounds the socket's receive buffer, in bytes; 0: the system's.
	ReadBuffer int
}

// wants reports whether an update is to arrive.
func (s Subscription) wants(u Update) bool {
	return covers(s.Topics, u.Topic) && (!u.Private || covers(s.Granted, u.Topic))
}

func covers(selectors []string, topic string) bool {
	return slices.Contains(selectors, "*") || slices.Contains(selectors, topic)
}

// A Sighting is one event a follower was shown.
type Sighting struct {
	ID     string
	Key    string // of the publish, from the payload
	Intact bool   // the payload is what was published
	At     time.Duration
}

// A Connection is one stream of a follower that was opened.
type Connection struct {
	At       time.Duration
	Asked    string // the cursor sent
	Answered string // the cursor the hub says it honours
}

// A View is all that a follower was shown, in order, over all its connections.
type View struct {
	Subscription Subscription
	Sightings    []Sighting
	Connections  []Connection
	Broken       []string // what the hub did that ends an EventSource for good
}

// A Follower reads streams like an EventSource: whenever one is cut it comes
// back with the last id it saw. It is safe for concurrent use.
type Follower struct {
	record *Record
	target func() string
	client *http.Client
	stop   context.CancelFunc
	ended  chan struct{}

	mu      sync.Mutex
	changed *sync.Cond
	view    View
	seen    map[string]bool // keys of the view
	paused  bool
	stopped bool
}

// Follow starts a follower of the hub whose URL target returns. Stop it.
func (r *Record) Follow(target func() string, s Subscription) *Follower {
	ctx, stop := context.WithCancel(context.Background())
	f := &Follower{
		record: r, target: target, stop: stop, ended: make(chan struct{}),
		client: &http.Client{Transport: &http.Transport{
			DisableCompression: true, // a stream is read as it is written
			DialContext:        dialer(s.ReadBuffer),
		}},
		view: View{Subscription: s}, seen: make(map[string]bool),
	}
	f.changed = sync.NewCond(&f.mu)
	go f.run(ctx)
	return f
}

func dialer(readBuffer int) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil || readBuffer == 0 {
			return conn, err
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			err = tcp.SetReadBuffer(readBuffer)
		}
		return conn, err
	}
}

// Stop ends the follower and returns its view.
func (f *Follower) Stop() View {
	f.mu.Lock()
	f.stopped = true
	f.changed.Broadcast()
	f.mu.Unlock()
	f.stop()
	<-f.ended
	return f.View()
}

// View returns what was seen so far.
func (f *Follower) View() View {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := f.view
	v.Sightings = slices.Clone(v.Sightings)
	v.Connections = slices.Clone(v.Connections)
	v.Broken = slices.Clone(v.Broken)
	return v
}

// LastID returns the id of the last event seen, before that the cursor begun with.
func (f *Follower) LastID() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cursor()
}

// Pause makes the follower stop reading its stream, which stays open, until
// Resume.
func (f *Follower) Pause() { f.setPaused(true) }

// Resume undoes Pause.
func (f *Follower) Resume() { f.setPaused(false) }

func (f *Follower) setPaused(paused bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.paused = paused
	f.changed.Broadcast()
}

// Open waits until the first stream has opened.
func (f *Follower) Open(ctx context.Context) error {
	return f.await(ctx, "a stream to open", func() bool { return len(f.view.Connections) > 0 })
}

// Await waits until the publishes with these keys were seen.
func (f *Follower) Await(ctx context.Context, keys ...string) error {
	next := 0
	return f.await(ctx, fmt.Sprintf("%d events", len(keys)), func() bool {
		for next < len(keys) && f.seen[keys[next]] {
			next++
		}
		return next == len(keys)
	})
}

func (f *Follower) await(ctx context.Context, what string, done func() bool) error {
	unwatch := context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.changed.Broadcast()
	})
	defer unwatch()
	f.mu.Lock()
	defer f.mu.Unlock()
	for !done() {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s waits for %s: %w", f.view.Subscription.Name, what, err)
		}
		f.changed.Wait()
	}
	return nil
}

func (f *Follower) run(ctx context.Context) {
	defer close(f.ended)
	defer f.client.CloseIdleConnections()
	for ctx.Err() == nil {
		if err := f.connect(ctx); errors.Is(err, errMalformed) {
			f.mu.Lock()
			f.view.Broken = append(f.view.Broken, err.Error())
			f.mu.Unlock()
		}
		select {
		case <-time.After(reconnection):
		case <-ctx.Done():
		}
	}
}

// connect reads one stream to its end.
func (f *Follower) connect(ctx context.Context) error {
	f.mu.Lock()
	s, cursor := f.view.Subscription, f.cursor()
	f.mu.Unlock()
	query := url.Values{"topic": s.Topics}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.target()+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/event-stream")
	if s.Token != "" {
		r.Header.Set("Authorization", "Bearer "+s.Token)
	}
	if cursor != "" {
		r.Header.Set("Last-Event-ID", cursor)
	}
	answer, err := f.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if answer.StatusCode != http.StatusOK || kind != "text/event-stream" {
		problem, _ := io.ReadAll(io.LimitReader(answer.Body, 300)) // only for the report
		return fmt.Errorf("%w: %s, %q: %s", errMalformed, answer.Status, kind, problem)
	}
	f.mu.Lock()
	f.view.Connections = append(f.view.Connections,
		Connection{At: f.record.Now(), Asked: cursor, Answered: answer.Header.Get("Last-Event-ID")})
	f.changed.Broadcast()
	f.mu.Unlock()
	for events := newEventReader(answer.Body); ; {
		f.waitWhilePaused()
		e, err := events.next()
		if err != nil {
			return err
		}
		f.note(e)
	}
}

func (f *Follower) waitWhilePaused() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.paused && !f.stopped {
		f.changed.Wait()
	}
}

func (f *Follower) note(e Event) {
	key, intact := readPayload(e.Data)
	key = strings.Clone(key) // or the view would keep every payload alive
	f.mu.Lock()
	defer f.mu.Unlock()
	f.view.Sightings = append(f.view.Sightings,
		Sighting{ID: e.ID, Key: key, Intact: intact, At: f.record.Now()})
	f.seen[key] = true
	f.changed.Broadcast()
}

// cursor is called with mu held.
func (f *Follower) cursor() string {
	if n := len(f.view.Sightings); n > 0 {
		return f.view.Sightings[n-1].ID
	}
	return f.view.Subscription.From
}
