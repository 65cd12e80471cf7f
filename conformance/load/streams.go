// Package load opens many streams on a hub, publishes to it and replays its
// history, to measure what that costs it.
//
// Like everything below conformance it imports nothing of the hub and spells
// wire names out again. The programs in the folders below print figures and
// assert none of them, for figures depend on the machine.
package load

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Streams are many open streams of one hub, and count the events that come.
// They are read from the sockets directly, because the hub measured has to
// share the machine with its readers.
type Streams struct {
	conns   []net.Conn
	reading sync.WaitGroup
	events  atomic.Int64
	ended   atomic.Int64
	changed chan struct{} // holds a token after either has grown
}

// openers is how many streams are opened at a time.
const openers = 64

// OpenStreams opens n streams over plain HTTP/1.1, from the addresses in
// sources in turn, for each has only some 28,000 ports to offer.
func OpenStreams(ctx context.Context, subscription *url.URL, n int, sources []net.IP) (*Streams, error) {
	s := &Streams{changed: make(chan struct{}, 1)}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	opened := make(chan stream)
	work := make(chan int)
	go func() {
		defer close(work)
		for i := 0; i < n && ctx.Err() == nil; i++ {
			work <- i
		}
	}()
	var opening sync.WaitGroup
	for range openers {
		opening.Go(func() {
			for i := range work {
				one, err := open(ctx, subscription, sources[i%len(sources)])
				if err != nil {
					fail(fmt.Errorf("opening stream %d: %w", i+1, err))
					continue
				}
				opened <- one
			}
		})
	}
	go func() {
		opening.Wait()
		close(opened)
	}()
	for one := range opened {
		s.conns = append(s.conns, one.Conn)
		s.reading.Go(func() { s.read(one) })
	}
	if ctx.Err() != nil {
		s.Close()
		return nil, context.Cause(ctx)
	}
	return s, nil
}

// A stream is a connection whose answer has begun.
type stream struct {
	net.Conn
	begun []byte // of the stream, read with the head of the answer
}

// open asks for a stream and reads the head of the answer.
func open(ctx context.Context, subscription *url.URL, source net.IP) (stream, error) {
	const patience = 30 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: source}}
	conn, err := dialer.DialContext(ctx, "tcp", subscription.Host)
	if err != nil {
		return stream{}, err
	}
	conn.SetDeadline(time.Now().Add(patience))
	begun, err := ask(conn, subscription)
	if err != nil {
		conn.Close()
		return stream{}, err
	}
	conn.SetDeadline(time.Time{})
	return stream{conn, begun}, nil
}

// ask sends the request and returns what came after the head of the answer.
func ask(conn net.Conn, subscription *url.URL) (begun []byte, err error) {
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n",
		subscription.RequestURI(), subscription.Host)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 0, 16<<10)
	for len(head) < cap(head) {
		n, err := conn.Read(head[len(head):cap(head)])
		if err != nil {
			return nil, fmt.Errorf("reading the head of the answer: %w", err)
		}
		head = head[:len(head)+n]
		if head, begun, ended := bytes.Cut(head, []byte("\r\n\r\n")); ended {
			return bytes.Clone(begun), checkStatus(head)
		}
	}
	return nil, fmt.Errorf("the answer has a head of more than %d bytes", cap(head))
}

func checkStatus(head []byte) error {
	var status int
	if _, err := fmt.Sscanf(string(head), "HTTP/1.1 %d", &status); err != nil || status != http.StatusOK {
		return fmt.Errorf("the answer is %.60q", head)
	}
	return nil
}

// read counts events until the stream ends.
func (s *Streams) read(one stream) {
	var events counter
	s.count(events.add(one.begun))
	for buf := make([]byte, 1<<10); ; {
		n, err := one.Read(buf)
		s.count(events.add(buf[:n]))
		if err != nil {
			s.ended.Add(1)
			s.notify()
			return
		}
	}
}

func (s *Streams) count(events int64) {
	if events > 0 {
		s.events.Add(events)
		s.notify()
	}
}

func (s *Streams) notify() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Events returns how many events came, on all streams together.
func (s *Streams) Events() int64 { return s.events.Load() }

// Ended returns how many streams have ended.
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

// Close ends all streams.
func (s *Streams) Close() {
	for _, conn := range s.conns {
		conn.Close()
	}
	s.reading.Wait()
}
