package load

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// A Publisher sends updates over one connection, one after the other, at as
// little cost as it can: it shares the machine with the hub measured. It is
// not safe for concurrent use.
type Publisher struct {
	conn    net.Conn
	answers *bufio.Reader
	head    []byte // up to the length of the body
	request []byte
}

// NewPublisher connects to a hub over HTTP/1.1. For https, a nil trust is the
// system's.
func NewPublisher(ctx context.Context, hub *url.URL, trust *tls.Config, token string) (*Publisher, error) {
	conn, err := dial(ctx, hub, trust)
	if err != nil {
		return nil, fmt.Errorf("connecting a publisher: %w", err)
	}
	return &Publisher{
		conn: conn, answers: bufio.NewReaderSize(conn, 1<<10),
		head: fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
			"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ", hub.RequestURI(), hub.Host, token),
	}, nil
}

func dial(ctx context.Context, hub *url.URL, trust *tls.Config) (net.Conn, error) {
	var plain net.Dialer
	if hub.Scheme == "https" {
		config := trust.Clone()
		if config == nil {
			config = new(tls.Config)
		}
		config.NextProtos = []string{"http/1.1"}
		secure := tls.Dialer{NetDialer: &plain, Config: config}
		return secure.DialContext(ctx, "tcp", authority(hub))
	}
	return plain.DialContext(ctx, "tcp", authority(hub))
}

// authority returns host and port of a hub.
func authority(hub *url.URL) string {
	if hub.Port() != "" {
		return hub.Host
	}
	return net.JoinHostPort(hub.Hostname(), hub.Scheme)
}

// Close closes the connection.
func (p *Publisher) Close() error { return p.conn.Close() }

// Publish sends a form, already encoded, and returns the id of the update,
// valid until the next call.
func (p *Publisher) Publish(form []byte) (id []byte, err error) {
	p.request = append(p.request[:0], p.head...)
	p.request = strconv.AppendInt(p.request, int64(len(form)), 10)
	p.request = append(append(p.request, "\r\n\r\n"...), form...)
	p.conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := p.conn.Write(p.request); err != nil {
		return nil, fmt.Errorf("publishing: %w", err)
	}
	if id, err = p.answer(); err != nil {
		return nil, fmt.Errorf("publishing: %w", err)
	}
	return id, nil
}

// answer reads a response that has a length.
func (p *Publisher) answer() (body []byte, err error) {
	status, err := p.answers.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return nil, fmt.Errorf("the answer is %.100q", status)
	}
	length := -1
	for {
		line, err := p.answers.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		name, value, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		if len(name) == 0 {
			break
		}
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return nil, err
			}
		}
	}
	if length <= 0 || length > p.answers.Size() {
		return nil, fmt.Errorf("the answer has a body of %d bytes, not an id (PUB-body-id)", length)
	}
	if body, err = p.answers.Peek(length); err != nil {
		return nil, err
	}
	_, err = p.answers.Discard(length)
	return body, err
}

// Publishers are several publishers of one hub.
type Publishers []*Publisher

// Connect connects n publishers.
func Connect(ctx context.Context, hub *url.URL, trust *tls.Config, token string, n int) (all Publishers, err error) {
	for range n {
		p, err := NewPublisher(ctx, hub, trust, token)
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all = append(all, p)
	}
	return all, nil
}

// Close closes all connections.
func (all Publishers) Close() error {
	var closers []error
	for _, p := range all {
		closers = append(closers, p.Close())
	}
	return errors.Join(closers...)
}

// Run calls turn, which publishes once, with each publisher again and again, n
// counting from 0, until it returns false or ctx ends. It returns how many
// publishes that were, and the first error.
func (all Publishers) Run(ctx context.Context, turn func(p *Publisher, i, n int) (more bool, err error)) (publishes int, err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	counts := make([]int, len(all))
	var running sync.WaitGroup
	for i, p := range all {
		running.Go(func() {
			for more := true; more && ctx.Err() == nil; counts[i]++ {
				var err error
				if more, err = turn(p, i, counts[i]); err != nil {
					fail(fmt.Errorf("publisher %d: %w", i, err))
					return
				}
			}
		})
	}
	running.Wait()
	for _, n := range counts {
		publishes += n
	}
	if err := context.Cause(ctx); err != nil && !errors.Is(err, ctx.Err()) {
		return publishes, err
	}
	return publishes, nil
}

// RunFor publishes one form with all publishers for a while.
func (all Publishers) RunFor(ctx context.Context, d time.Duration, form []byte) (publishes int, took time.Duration, err error) {
	began := time.Now()
	publishes, err = all.Run(ctx, func(p *Publisher, _, _ int) (bool, error) {
		_, err := p.Publish(form)
		return time.Since(began) < d, err
	})
	return publishes, time.Since(began), err
}

// Form encodes an update with a topic and some data.
func Form(topic, data string) []byte {
	return []byte(url.Values{"topic": {topic}, "data": {data}}.Encode())
}
