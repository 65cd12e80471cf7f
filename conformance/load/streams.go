package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"runtime"
	"sync/atomic"
	"time"
)

// A Subscription is what one stream asks a hub for, and what it has to get.
type Subscription struct {
	Query  url.Values // of the URL
	Token  string     // "" for none
	Cursor string     // "" begins live

	Series uint32 // whose updates it has to get, all of them; 0: any, which are counted and not checked
	After  uint32 // the number of the last update it is not to get

	// Stalled: it reads how the answer begins and nothing after that, with a
	// receive buffer of a few kilobytes.
	Stalled bool
}

// An Opening is what streams to open.
type Opening struct {
	Hub *url.URL
	TLS *tls.Config // for https; nil trusts what the system does
	N   int
	// Subscription returns what the i-th stream asks for.
	Subscription func(i int) Subscription
	// Sources are the addresses to connect from, in turn, for each has only
	// some 28,000 ports to offer; none: several of loopback for a hub there.
	Sources []netip.Addr
	// AtOnce is how many may be connecting at a time; 0: as many as the
	// backlog of any listener holds.
	AtOnce int
}

// Streams are many open streams of one hub. Their methods are safe for
// concurrent use, but for Await.
type Streams struct {
	connections []*connection
	readers     []*reader
	changed     chan struct{} // holds a token after anything below has changed

	events atomic.Int64
	opened atomic.Int64
	ended  atomic.Int64
	failed atomic.Pointer[error]
}

// A connection is one of the streams and what it came through. It belongs to
// its reader's lock.
type connection struct {
	carrier // as this system opens and reads it
	stream
	request []byte
	Subscription
}

// openingPatience is how long a hub may take to answer all requests for
// streams.
const openingPatience = 2 * time.Minute

// Open opens streams over HTTP/1.1 and returns when each has begun. Whoever
// is refused fails them all.
func Open(ctx context.Context, o Opening) (_ *Streams, err error) {
	if o.AtOnce == 0 {
		o.AtOnce = 256
	}
	s := &Streams{changed: make(chan struct{}, 1), connections: make([]*connection, o.N)}
	for i := range s.connections {
		c := &connection{Subscription: o.Subscription(i)}
		c.sequence = sequence{series: c.Series, next: c.After + 1}
		c.checked = c.Series != 0
		c.request = request(o.Hub, &c.Subscription)
		s.connections[i] = c
	}
	ctx, cancel := context.WithTimeout(ctx, openingPatience)
	defer cancel()
	if s.readers, err = startReaders(ctx, s, &o, min(2, runtime.NumCPU())); err != nil {
		return nil, fmt.Errorf("opening streams: %w", err)
	}
	for s.opened.Load() < int64(o.N) && s.failed.Load() == nil {
		select {
		case <-s.changed:
			continue
		case <-ctx.Done():
		}
		s.fail(fmt.Errorf("%d of %d streams have begun: %w", s.opened.Load(), o.N, ctx.Err()))
	}
	if failed := s.failed.Load(); failed != nil {
		s.Close()
		return nil, fmt.Errorf("opening streams: %w", *failed)
	}
	return s, nil
}

// request writes what a browser would send, which some hubs keep for as long
// as the stream is open.
func request(hub *url.URL, s *Subscription) []byte {
	at := *hub
	if len(s.Query) > 0 {
		at.RawQuery = s.Query.Encode()
	}
	b := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n"+
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nAccept-Language: en-US,en;q=0.5\r\n"+
		"Referer: http://%s/some/page\r\nSec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n",
		at.RequestURI(), at.Host, at.Host)
	if s.Token != "" {
		b = fmt.Appendf(b, "Authorization: Bearer %s\r\n", s.Token)
	}
	if s.Cursor != "" {
		b = fmt.Appendf(b, "Last-Event-ID: %s\r\n", s.Cursor)
	}
	return append(b, "\r\n"...)
}

func (s *Streams) notify() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// fail notes why streams cannot be opened; the first reason counts.
func (s *Streams) fail(err error) {
	s.failed.CompareAndSwap(nil, &err)
	s.notify()
}

// Events returns how many events came that were to come, on all streams
// together.
func (s *Streams) Events() int64 { return s.events.Load() }

// Ended returns how many streams the hub has ended.
func (s *Streams) Ended() int64 { return s.ended.Load() }

// Await waits until that many events came. It is for one goroutine at a time.
func (s *Streams) Await(ctx context.Context, events int64) error {
	for s.Events() < events {
		select {
		case <-s.changed:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d events came, %d streams ended: %w", s.Events(), events, s.Ended(), ctx.Err())
		}
	}
	return nil
}

// Collect returns what came since streams were opened, or since it was last
// called, held against what was published: last is the number of the newest
// update of a series. What has not come yet counts as lost. Streams that are
// stalled are not asked.
func (s *Streams) Collect(last func(series uint32) uint32) Tally {
	var sum Tally
	for _, r := range s.readers {
		r.mu.Lock()
		sum.add(&r.tally)
		r.tally = Tally{}
		r.mu.Unlock()
	}
	for i, c := range s.connections {
		if c.checked && !c.Stalled {
			r := s.readers[i%len(s.readers)]
			r.mu.Lock()
			sum.Lost += c.sequence.lost(last(c.Series))
			r.mu.Unlock()
		}
	}
	return sum
}

// Restart lets every stream expect another series, from its first update on.
// What it lacks of the one before is forgotten, so collect first.
func (s *Streams) Restart(series func(i int) uint32) {
	for i, c := range s.connections {
		r := s.readers[i%len(s.readers)]
		r.mu.Lock()
		c.Series = series(i)
		c.sequence = sequence{series: c.Series, next: 1}
		r.mu.Unlock()
	}
}

// Close ends all streams.
func (s *Streams) Close() {
	for _, r := range s.readers {
		r.stop()
	}
}

// OpenStreams opens n streams at a URL, from addresses in turn. Their events
// are counted and not checked.
func OpenStreams(ctx context.Context, subscription *url.URL, n int, sources []net.IP) (*Streams, error) {
	o := Opening{Hub: subscription, N: n, Subscription: func(int) Subscription { return Subscription{} }}
	for _, ip := range sources {
		address, ok := netip.AddrFromSlice(ip)
		if !ok {
			return nil, fmt.Errorf("opening streams: %v is no address", ip)
		}
		o.Sources = append(o.Sources, address.Unmap())
	}
	return Open(ctx, o)
}
