package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
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

// atOnce is how long an event may take that nothing holds up. It is much
// shorter than what a stream that was forgotten would wait for: the next event,
// a third of the silence later, or the next heartbeat.
const atOnce = 10 * time.Second

// TestOurHubHoldsSilentStreams keeps streams that are sent nothing, not even a
// heartbeat, for longer than every timeout of the hub where CONFORMANCE=full,
// and for a moment otherwise. What is published then has to arrive. Beside each
// is a stream that is sent one event after each third of that time, which has to
// arrive at once, however long the connection was silent.
func TestOurHubHoldsSilentStreams(t *testing.T) {
	silence := time.Second
	if os.Getenv("CONFORMANCE") == "full" {
		silence = longestTimeout + 15*time.Second
	}
	silent, rare := make(map[string]*heldStream), make(map[string]*heldStream)
	for _, c := range combinations() {
		if c.store == "memory" {
			name := c.transport + " " + c.streams
			silent[name] = hold(t, c)
			rare[name] = silent[name].beside(t, c, "https://app.test/rare")
		}
	}
	began := time.Now()
	for third := 1; third <= 3; third++ {
		until := silence * time.Duration(third) / 3
		for left := until - time.Since(began); left > 0; left = until - time.Since(began) {
			time.Sleep(min(left, 30*time.Second))
			t.Logf("%d streams have been silent for %v of %v", len(silent), time.Since(began).Round(time.Second), silence)
		}
		for name, stream := range rare {
			t.Run(fmt.Sprintf("%s, third %d", name, third), func(t *testing.T) {
				stream.wantAtOnce(t, fmt.Sprint("rare ", third))
			})
		}
	}
	for name, stream := range silent {
		t.Run(name, func(t *testing.T) {
			for i := range 2 {
				stream.wantAtOnce(t, fmt.Sprint("late ", i))
			}
		})
	}
}

// A heldStream is open, and its client keeps it so.
type heldStream struct {
	hub, topic string
	client     *http.Client
	body       io.Closer
	lines      *bufio.Scanner
}

// hold begins a stream from a hub of its own.
func hold(t *testing.T, c combination) *heldStream {
	t.Helper()
	s := common().with(settings{"anonymous": "", "streams": c.streams, "heartbeat": "1h"})
	if c.transport == "tls1" || c.transport == "h2" {
		s["tls-cert"], s["tls-key"] = certificate(t)
	}
	at := &heldStream{hub: serve(t, s).URL()}
	return at.beside(t, c, "https://app.test/silent")
}

// beside begins a stream about a topic from the same hub, over a connection of
// its own.
func (s *heldStream) beside(t *testing.T, c combination, topic string) *heldStream {
	t.Helper()
	client := clientOf(c)
	resp, err := client.Get(s.hub + "?topic=" + url.QueryEscape(topic))
	if err != nil {
		t.Fatalf("opening a stream: %v", err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &heldStream{s.hub, topic, client, resp.Body, bufio.NewScanner(resp.Body)}
}

// wantAtOnce publishes to the stream's topic and reads up to that event.
func (s *heldStream) wantAtOnce(t *testing.T, data string) {
	t.Helper()
	publishOver(t, s.client, s.hub, s.topic, data)
	limit := time.AfterFunc(atOnce, func() { s.body.Close() }) // ends the reading
	defer limit.Stop()
	for s.lines.Scan() && s.lines.Text() != "data: "+data {
	}
	if err := s.lines.Err(); err != nil || s.lines.Text() != "data: "+data {
		t.Fatalf("SSE-flush-events: the stream was not sent %q within %v, or ended: %v", data, atOnce, err)
	}
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

func publishOver(t *testing.T, client *http.Client, hub, topic, data string) {
	t.Helper()
	token := signed(testPublisherKey, Claims{}, Claims{"mercure": Claims{"publish": []string{"*"}}})
	form := url.Values{"topic": {topic}, "data": {data}}
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
