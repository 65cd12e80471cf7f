package hub_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"cinnabar/hub"
	"cinnabar/hub/hubtest"
)

// TestAddressesAreApart: what one address used up is no other's loss. Linux
// alone has loopback addresses to spare.
func TestAddressesAreApart(t *testing.T) {
	h := hubtest.Start(t, func(c *hub.Config) { c.MaxConnectionsPerAddress, c.Overload = 1, hub.OverloadStatus })
	from := func(addr string) *http.Client {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(addr)}, Timeout: hubtest.Patience}
		transport := &http.Transport{DialContext: dialer.DialContext}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport, Timeout: hubtest.Patience}
	}
	status := func(client *http.Client, r *http.Request) int {
		t.Helper()
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return answer.StatusCode
	}
	subscribe := func() *http.Request { return h.Request(http.MethodGet, "match=a", nil) }

	if got := status(from("127.0.0.1"), subscribe()); got != http.StatusOK {
		t.Fatalf("the one stream of an address: status %d, want 200", got)
	}
	if got := status(from("127.0.0.1"), subscribe()); got != http.StatusTooManyRequests {
		t.Errorf("a second stream of an address: status %d, want 429", got)
	}
	for range 100 { // idle ones, without a request
		c, err := net.Dial("tcp", strings.TrimPrefix(h.Origin, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	for deadline := time.Now().Add(hubtest.Patience); ; time.Sleep(time.Millisecond) {
		c, err := net.Dial("tcp", strings.TrimPrefix(h.Origin, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		_, err = c.Read(make([]byte, 1))
		c.Close()
		if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() {
			break // it was closed by the hub
		}
		if time.Now().After(deadline) {
			t.Fatal("connections of an address that has too many are not closed")
		}
	}
	other := from("127.0.0.2")
	if got := status(other, subscribe()); got != http.StatusOK {
		t.Errorf("the stream of another address: status %d, want 200", got)
	}
	publish := h.Request(http.MethodPost, "", strings.NewReader("topic=a"))
	publish.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	publish.Header.Set("Authorization", "Bearer "+h.Sign(hubtest.Token{Publish: []string{"*"}}))
	if got := status(other, publish); got != http.StatusOK {
		t.Errorf("a publish from another address: status %d, want 200", got)
	}
}
