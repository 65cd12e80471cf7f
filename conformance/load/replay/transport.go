package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"cinnabar/conformance/load"
)

// A carrier is how a reader speaks to the hub.
type carrier struct {
	name string
	set  func(*http.Protocols)
}

var (
	http1 = carrier{"HTTP/1.1", func(p *http.Protocols) { p.SetHTTP1(true) }}
	h2c   = carrier{"h2c", func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }}
	tls1  = carrier{"HTTP/1.1 over TLS", func(p *http.Protocols) { p.SetHTTP1(true) }}
	h2    = carrier{"h2 over TLS", func(p *http.Protocols) { p.SetHTTP2(true) }}
)

func (c carrier) client() *http.Client {
	protocols := new(http.Protocols)
	c.set(protocols)
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
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the certificate was made for this run
	}}
}

// follow opens a stream after a cursor and calls look with each event until it
// says that this was the last. pace is called before each read.
func follow(ctx context.Context, client *http.Client, hub, cursor string, pace func(), look func(*load.Event) (more bool, err error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, hub+"?"+url.Values{"topic": {topic}}.Encode(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("Last-Event-ID", cursor)
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer is %s", answer.Status)
	}
	if told := answer.Header.Get("Last-Event-ID"); told != cursor {
		return fmt.Errorf("asked for what follows %s, the hub answers that it begins after %s (REPLAY-0x-cursor-value)", cursor, told)
	}
	events := load.NewEventReader(paced{answer.Body, pace})
	for e := new(load.Event); ; {
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

// writeCertificate makes a certificate for loopback, valid for a day, and
// returns the file that holds it and its key.
func writeCertificate(folder string) (path string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	path = filepath.Join(folder, "certificate.pem")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	return path, errors.Join(
		pem.Encode(f, &pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
		f.Close(),
	)
}
