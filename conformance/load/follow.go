package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"cinnabar/conformance/faults"
)

// A transport is how a reader of a history speaks to the hub.
type transport struct {
	name string
	set  func(*http.Protocols)
}

var (
	http1 = transport{"HTTP/1.1", func(p *http.Protocols) { p.SetHTTP1(true) }}
	h2c   = transport{"h2c", func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }}
	tls1  = transport{"HTTP/1.1 over TLS", func(p *http.Protocols) { p.SetHTTP1(true) }}
	h2    = transport{"h2 over TLS", func(p *http.Protocols) { p.SetHTTP2(true) }}
)

// usual reports whether this is how budgets are meant: plain and undisturbed.
func (t transport) usual(how string) bool { return t.name == http1.name && how == "" }

func (t transport) client(trust *tls.Config) *http.Client {
	protocols := new(http.Protocols)
	t.set(protocols)
	return &http.Client{Transport: &http.Transport{
		Protocols: protocols, DisableCompression: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			// A reader that does not read is to be noticed by the hub.
			return conn, conn.(*net.TCPConn).SetReadBuffer(64 << 10)
		},
		TLSClientConfig: trust.Clone(),
	}}
}

// A follower is how to read a history.
type follower struct {
	client     *http.Client
	hub        *url.URL
	generation faults.Generation
	query      url.Values
	token      string // "" for none
	pace       func() // called before each read
}

// follow opens a stream after a cursor and calls look with each event until it
// says that this was the last.
func (f follower) follow(ctx context.Context, cursor string, look func(*Event) (more bool, err error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	at := *f.hub
	at.RawQuery = f.query.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("Last-Event-ID", cursor)
	if f.token != "" {
		r.Header.Set("Authorization", "Bearer "+f.token)
	}
	answer, err := f.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer is %s", answer.Status)
	}
	honoured, rule := "Last-Event-ID", "REPLAY-0x-cursor-value"
	if f.generation == faults.Current {
		honoured, rule = "Mercure-Last-Event-ID", "REPLAY-cursor-value"
	}
	if told := answer.Header.Get(honoured); told != cursor {
		return fmt.Errorf("asked for what follows %s, the hub answers that it begins after %q (%s)", cursor, told, rule)
	}
	events := NewEventReader(paced{answer.Body, f.pace})
	for e := new(Event); ; {
		if err := events.Next(e); err != nil {
			return err
		}
		if more, err := look(e); err != nil || !more {
			return err
		}
	}
}

type paced struct {
	io.Reader
	pace func()
}

func (p paced) Read(b []byte) (int, error) {
	p.pace()
	return p.Reader.Read(b)
}

func atOnce() {}
