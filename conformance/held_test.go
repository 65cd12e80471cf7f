package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// longestTimeout is the longest of a hub's: nothing else of a connection may
// take more than two minutes.
const longestTimeout = 2 * time.Minute

// TestOurHubHoldsSilentStreams keeps streams that are sent nothing, not even a
// heartbeat, for longer than every timeout of the hub where CONFORMANCE=full,
// and for a moment otherwise. What is published then has to arrive.
func TestOurHubHoldsSilentStreams(t *testing.T) {
	silence := time.Second
	if os.Getenv("CONFORMANCE") == "full" {
		silence = longestTimeout + 15*time.Second
	}
	held := make(map[string]*heldStream)
	for _, c := range combinations() {
		if c.store == "memory" {
			held[c.transport+" "+c.streams] = hold(t, c)
		}
	}
	began := time.Now()
	for left := silence; left > 0; left = silence - time.Since(began) {
		time.Sleep(min(left, 30*time.Second))
		t.Logf("%d streams have been silent for %v of %v", len(held), time.Since(began).Round(time.Second), silence)
	}
	for name, stream := range held {
		t.Run(name, func(t *testing.T) {
			for i := range 2 {
				want := fmt.Sprint("rare ", i)
				publishOver(t, stream.client, stream.hub, want)
				for stream.lines.Scan() && stream.lines.Text() != "data: "+want {
				}
				if err := stream.lines.Err(); err != nil || stream.lines.Text() != "data: "+want {
					t.Fatalf("after %v the stream ended before %q: %v", time.Since(began), want, err)
				}
			}
		})
	}
}

// A heldStream is open, and its client keeps it so.
type heldStream struct {
	hub    string
	client *http.Client
	lines  *bufio.Scanner
}

func hold(t *testing.T, c combination) *heldStream {
	t.Helper()
	s := common().with(settings{"anonymous": "", "streams": c.streams, "heartbeat": "1h"})
	if c.transport == "tls1" || c.transport == "h2" {
		s["tls-cert"], s["tls-key"] = certificate(t)
	}
	hub, client := serve(t, s).URL(), clientOf(c)
	resp, err := client.Get(hub + "?topic=" + url.QueryEscape("https://app.test/rare"))
	if err != nil {
		t.Fatalf("opening a stream: %v", err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &heldStream{hub, client, bufio.NewScanner(resp.Body)}
}

// clientOf speaks the protocol of a combination, and has no timeout.
func clientOf(c combination) *http.Client {
	p := new(http.Protocols)
	p.SetHTTP1(c.transport == "http1" || c.transport == "tls1")
	p.SetHTTP2(c.transport == "h2")
	p.SetUnencryptedHTTP2(c.transport == "h2c")
	return &http.Client{Transport: &http.Transport{
		Protocols:       p,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
}

func publishOver(t *testing.T, client *http.Client, hub, data string) {
	t.Helper()
	token := signed(testPublisherKey, Claims{}, Claims{"mercure": Claims{"publish": []string{"*"}}})
	form := url.Values{"topic": {"https://app.test/rare"}, "data": {data}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hub, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(r)
	if err != nil {
		t.Fatalf("publishing: %v", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("publishing: status %d, want 200", resp.StatusCode)
	}
}
