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
	"sync"
	"time"
)

// reconnection is how long a follower waits before it connects again.
const reconnection = 20 * time.Millisecond

// Earliest is the cursor that asks for everything retained.
const Earliest = "earliest"

// A Subscription is what a follower asks for. Selectors are topics or "*".
type Subscription struct {
	Name       string // for reports
	Generation Generation
	Topics     []string
	Token      string
	// Granted is what the token lets it read of private updates.
	Granted []string
	// From is the cursor of the first connection; "" begins live.
	From string
	// ReadBuffer bounds the socket's receive buffer, in bytes; 0: the system's.
	ReadBuffer int
	// Rate bounds how fast the stream is read, in bytes a second, until
	// Hurry; 0: no bound.
	Rate int
	// Through is the id of the event that ends the follower; "" for none.
	Through string
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
	OfHub    bool   // it was the id of an event that the hub makes itself, which may go with the process
	Answered string // the cursor the hub says it honours
	InFlight int    // publishes that waited for their answer when it was sent
}

// A View is all that a follower was shown, in order, over all its connections.
type View struct {
	Subscription Subscription
	Sightings    []Sighting
	OfHub        int // events that the hub makes itself, about subscriptions
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

	hurried chan struct{} // closed when Rate holds no more
	hurry   func()        // closes it

	mu      sync.Mutex
	changed *sync.Cond
	view    View
	seen    map[string]bool // keys of the view
	last    string          // id of the last event, "" for none
	lastOwn bool            // the hub made it itself
	paused  bool
	stopped bool
	cut     context.CancelFunc // of the stream that is open
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
	f.hurried = make(chan struct{})
	f.hurry = sync.OnceFunc(func() { close(f.hurried) })
	f.cut = func() {}
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

// LastID returns the id of the last publish seen, before that the cursor begun
// with.
func (f *Follower) LastID() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.view.Sightings); n > 0 {
		return f.view.Sightings[n-1].ID
	}
	return f.view.Subscription.From
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

// Hurry lets the follower read as fast as it can from now on.
func (f *Follower) Hurry() { f.hurry() }

// Cut breaks the connection, as networks do; the follower comes back.
func (f *Follower) Cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut()
}

// Open waits until the first stream has opened.
func (f *Follower) Open(ctx context.Context) error {
	return f.await(ctx, "a stream to open", func() bool { return len(f.view.Connections) > 0 })
}

// Finish waits until the follower has read through.
func (f *Follower) Finish(ctx context.Context) error {
	select {
	case <-f.ended:
		return nil
	case <-ctx.Done():
		s := f.View().Subscription
		return fmt.Errorf("%s waits for %s: %w", s.Name, s.Through, ctx.Err())
	}
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

// errThrough ends a follower that has read as far as it was to.
var errThrough = errors.New("read through")

func (f *Follower) run(ctx context.Context) {
	defer close(f.ended)
	defer f.client.CloseIdleConnections()
	for ctx.Err() == nil {
		err := f.connect(ctx)
		if errors.Is(err, errThrough) {
			return
		}
		if errors.Is(err, errMalformed) {
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
	s, cursor, ofHub := f.view.Subscription, f.cursor(), f.lastOwn
	ctx, cut := context.WithCancel(ctx)
	f.cut = cut
	f.mu.Unlock()
	defer cut()
	topics, honoured := "topic", "Last-Event-ID"
	if s.Generation == Current {
		topics, honoured = "match", "Mercure-Last-Event-ID"
	}
	query := url.Values{topics: s.Topics}
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
	inFlight := f.record.InFlight()
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
		Connection{At: f.record.Now(), Asked: cursor, OfHub: ofHub, Answered: answer.Header.Get(honoured), InFlight: inFlight})
	f.changed.Broadcast()
	f.mu.Unlock()
	var body io.Reader = answer.Body
	if s.Rate > 0 {
		body = &trickle{body, s.Rate, f.hurried}
	}
	for events := newEventReader(body); ; {
		f.waitWhilePaused()
		e, err := events.next()
		if err != nil {
			return err
		}
		f.note(e)
		if e.ID == s.Through {
			return errThrough
		}
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
	if e.ofHub() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.last, f.lastOwn = e.ID, true
		f.view.OfHub++
		return
	}
	key, intact := readPayload(e.Data)
	key = f.record.own(key)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.view.Sightings = append(f.view.Sightings,
		Sighting{ID: e.ID, Key: key, Intact: intact, At: f.record.Now()})
	f.seen[key] = true
	f.last, f.lastOwn = e.ID, false
	f.changed.Broadcast()
}

// cursor is called with mu held.
func (f *Follower) cursor() string {
	if f.last != "" {
		return f.last
	}
	return f.view.Subscription.From
}

// A trickle reads a stream slowly, as over a poor line.
type trickle struct {
	io.Reader
	rate    int // bytes a second
	hurried <-chan struct{}
}

func (t *trickle) Read(p []byte) (int, error) {
	const beat = 20 * time.Millisecond
	select {
	case <-t.hurried:
	case <-time.After(beat):
		p = p[:min(len(p), max(1, int(int64(t.rate)*int64(beat)/int64(time.Second))))]
	}
	return t.Reader.Read(p)
}
