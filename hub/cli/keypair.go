package cli

import (
	"crypto/tls"
	"fmt"
	"sync/atomic"
)

// A keyPair is the certificate that the hub shows to its clients. It is renewed
// every few weeks, and no stream should have to end for that.
type keyPair struct {
	current atomic.Pointer[tls.Certificate]
}

// keyPair returns nil where none is configured.
func (s *settings) keyPair() (*keyPair, error) {
	if s.tlsCert == "" {
		return nil, nil
	}
	pair, err := s.readKeyPair()
	if err != nil {
		return nil, err
	}
	k := new(keyPair)
	k.current.Store(&pair)
	return k, nil
}

func (s *settings) readKeyPair() (tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(s.tlsCert, s.tlsKey)
	if err != nil {
		return pair, fmt.Errorf("%s and %s: %w: give PEM files that belong together and can be read", s.from["tls-cert"].from, s.from["tls-key"].from, err)
	}
	return pair, nil
}

// config returns nil for no certificate.
func (k *keyPair) config() *tls.Config {
	if k == nil {
		return nil
	}
	return &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return k.current.Load(), nil },
		MinVersion:     tls.VersionTLS12,
	}
}
