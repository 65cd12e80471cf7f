package load

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Wrongs are faults of hubs: what they make of updates 1 to 5 of series 9.
var wrongs = map[string]struct {
	deliver func(event func(number uint32) string) string
	want    Tally // of one stream
}{
	"none":     {func(e func(uint32) string) string { return e(1) + e(2) + e(3) + e(4) + e(5) }, Tally{Events: 5}},
	"drops":    {func(e func(uint32) string) string { return e(1) + e(2) + e(4) + e(5) }, Tally{Events: 4, Lost: 1}},
	"repeats":  {func(e func(uint32) string) string { return e(1) + e(2) + e(2) + e(3) + e(4) + e(5) }, Tally{Events: 5, Repeated: 1}},
	"reorders": {func(e func(uint32) string) string { return e(1) + e(3) + e(2) + e(4) + e(5) }, Tally{Events: 5, Reordered: 1}},
	"damages": {func(e func(uint32) string) string {
		return e(1) + strings.Replace(e(2), "xx", "", 1) + e(2) + e(3) + e(4) + e(5)
	}, Tally{Events: 5, Damaged: 1}},
	"mixes up": {func(e func(uint32) string) string {
		return e(1) + strings.Replace(e(2), "load.9.", "load.8.", 1) + e(2) + e(3) + e(4) + e(5)
	}, Tally{Events: 5, Foreign: 1}},
}

// What a wrong hub does wrong is found, on each of many streams, in plain
// and over TLS.
func TestStreamsFindFaults(t *testing.T) {
	const n = 50
	for name, wrong := range wrongs {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, TLS %v", name, secure), func(t *testing.T) {
				publish := make(chan struct{})
				hubHandler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Query().Get("topic") != "t" || r.Header.Get("Authorization") != "Bearer T" || r.Header.Get("Last-Event-ID") != "c" {
						http.NotFound(w, r)
						return
					}
					http.NewResponseController(w).Flush()
					<-publish
					fmt.Fprint(w, wrong.deliver(func(number uint32) string {
						return fmt.Sprintf("id: %d\ndata: %s\n\n", number, payload{series: 9, number: number, sent: clock()}.append(nil, 200))
					}))
					http.NewResponseController(w).Flush()
					<-r.Context().Done()
				})
				start := httptest.NewServer
				if secure {
					start = httptest.NewTLSServer
				}
				server := start(hubHandler)
				defer server.Close()
				hub, err := url.Parse(server.URL + "/hub")
				if err != nil {
					t.Fatal(err)
				}
				o := Opening{Hub: hub, N: n, Subscription: func(int) Subscription {
					return Subscription{Query: url.Values{"topic": {"t"}}, Token: "T", Cursor: "c", Series: 9}
				}}
				if secure {
					o.TLS = server.Client().Transport.(*http.Transport).TLSClientConfig
				}
				s, err := Open(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				close(publish)
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				if err := s.Await(ctx, n*wrong.want.Events); err != nil {
					t.Error(err)
				}
				got := s.Collect(func(uint32) uint32 { return 5 })
				if got.Latency.Max() <= 0 || got.Latency.Max() > time.Minute {
					t.Errorf("latency at most %v", got.Latency.Max())
				}
				got.Latency = Histogram{}
				want := Tally{Events: n * wrong.want.Events, Lost: n * wrong.want.Lost, Repeated: n * wrong.want.Repeated,
					Reordered: n * wrong.want.Reordered, Damaged: n * wrong.want.Damaged, Foreign: n * wrong.want.Foreign}
				if got != want {
					t.Errorf("%+v, want %+v", got, want)
				}
				if (got.Err() == nil) != (name == "none") {
					t.Errorf("told as %v", got.Err())
				}
			})
		}
	}
}

// Streams that the hub ends are told, as are those it refuses and hubs that
// are not there.
func TestStreamsEnd(t *testing.T) {
	end := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "topic=t" {
			http.NotFound(w, r)
			return
		}
		http.NewResponseController(w).Flush()
		<-end
		fmt.Fprint(w, "id: 1\ndata: a\n\nid: 2\ndata: b\n\n")
	}))
	defer server.Close()
	at, err := url.Parse(server.URL + "/?topic=t")
	if err != nil {
		t.Fatal(err)
	}
	loopback := []net.IP{net.IPv4(127, 0, 0, 1)}
	s, err := OpenStreams(t.Context(), at, 100, loopback)
	if err != nil {
		t.Fatal(err)
	}
	if s.Events() != 0 || s.Ended() != 0 {
		t.Errorf("before any event: %d events, %d streams ended", s.Events(), s.Ended())
	}
	close(end)
	if err := s.Await(t.Context(), 200); err != nil {
		t.Error(err)
	}
	server.CloseClientConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Await(ctx, 201); err == nil {
		t.Error("an event came that nobody sent")
	}
	s.Close()
	if s.Events() != 200 || s.Ended() != 100 {
		t.Errorf("%d events and %d streams ended, want 200 and 100", s.Events(), s.Ended())
	}
	if tally := s.Collect(func(uint32) uint32 { return 0 }); tally.Ended != 100 {
		t.Errorf("the tally tells of %d streams that ended", tally.Ended)
	}

	at.RawQuery = ""
	if _, err := OpenStreams(t.Context(), at, 3, loopback); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("streams answered with 404 open: %v", err)
	}
	server.Close()
	if _, err := OpenStreams(t.Context(), at, 3, loopback); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("streams of no hub open: %v", err)
	}
}
