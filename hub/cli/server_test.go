package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// certificate writes a certificate for 127.0.0.1 and its key, and returns the
// files and who trusts it.
func certificate(t *testing.T) (cert, key string, trust *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	trust = x509.NewCertPool()
	trust.AppendCertsFromPEM(certPEM)
	return write(t, "cert.pem", string(certPEM)),
		write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))),
		trust
}

// TestProtocolVersions carries a stream over every version of HTTP the hub's
// listener speaks.
func TestProtocolVersions(t *testing.T) {
	cert, key, trust := certificate(t)
	_, plain := serve(t, "--store", "memory:")
	_, secure := serve(t, "--store", "memory:", "--tls-cert", cert, "--tls-key", key)
	for name, test := range map[string]struct {
		hub   string
		major int
		speak func(*http.Protocols)
	}{
		"HTTP/1.1":          {plain.Hub, 1, func(p *http.Protocols) { p.SetHTTP1(true) }},
		"h2c":               {plain.Hub, 2, func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }},
		"HTTP/1.1 over TLS": {secure.Hub, 1, func(p *http.Protocols) { p.SetHTTP1(true) }},
		"h2":                {secure.Hub, 2, func(p *http.Protocols) { p.SetHTTP2(true) }},
	} {
		t.Run(name, func(t *testing.T) {
			protocols := new(http.Protocols)
			test.speak(protocols)
			client := &http.Client{Transport: &http.Transport{Protocols: protocols, TLSClientConfig: &tls.Config{RootCAs: trust}}}
			defer client.CloseIdleConnections()
			f := follow(t, client, test.hub+"?topic=a", "")
			if got := f.answer.ProtoMajor; got != test.major {
				t.Errorf("got HTTP/%d, want HTTP/%d", got, test.major)
			}
			answer, err := (&publication{hubAccess: hubAccess{url: test.hub, key: secret}}).send(client, []string{"a"}, "over "+name)
			if err != nil {
				t.Fatal(err)
			}
			if e := f.next(); e.ID != answer.id || e.Data != "over "+name {
				t.Errorf("got %+v, want the update %s", e, answer.id)
			}
		})
	}
}

// pipe is a listener with one connection, made within the process, so that a
// test can own the clock.
type pipe struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipe) Close() error { close(p.closed); return nil }
func (pipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// TestClientThatReadsNothing must not keep its connection, and what serves it,
// for ever.
func TestClientThatReadsNothing(t *testing.T) {
	for name, request := range map[string]string{
		"HTTP/1.1": "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"h2c": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
			"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + // SETTINGS
			"\x00\x00\x06\x01\x05\x00\x00\x00\x01\x82\x86\x84\x41\x01h", // HEADERS: GET http / h
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), slog.New(slog.DiscardHandler))
				listener := pipe{make(chan net.Conn), make(chan struct{})}
				go server.Serve(listener)
				defer server.Close()
				ours, theirs := net.Pipe()
				defer ours.Close()
				listener.conns <- theirs
				if _, err := io.WriteString(ours, request); err != nil {
					t.Fatal(err)
				}
				time.Sleep(5 * time.Minute)
				if n, err := ours.Read(make([]byte, 1)); n > 0 {
					t.Errorf("the answer still waits to be read after 5 minutes (%v), want the connection closed", err)
				}
			})
		})
	}
}
