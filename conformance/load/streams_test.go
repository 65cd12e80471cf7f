package load

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
)

func TestCounter(t *testing.T) {
	for name, c := range map[string]struct {
		stream string
		want   int64
	}{
		"events in chunks":       {"1c\r\nid: 1\ndata: a\n\n\r\n1c\r\nid: 2\ndata: a\n\n\r\n", 2},
		"comments and retry":     {"5\r\n: \n\n\r\nretry: 1\n\n", 0},
		"the mark inside a line": {"id: data: 1\ndat\ndata: data: x\n\n", 1},
		"a broken mark":          {"dadata: x\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var whole, bytewise counter
			var got int64
			r := iotest.OneByteReader(strings.NewReader(c.stream))
			for buf := make([]byte, 8); ; {
				n, err := r.Read(buf)
				if got += bytewise.add(buf[:n]); err != nil {
					break
				}
			}
			if at := whole.add([]byte(c.stream)); at != c.want || got != c.want {
				t.Errorf("counted %d at once and %d byte by byte, want %d", at, got, c.want)
			}
		})
	}
}

func TestStreams(t *testing.T) {
	publish := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("topic") != "t" {
			http.NotFound(w, r)
			return
		}
		http.NewResponseController(w).Flush()
		<-publish
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
	close(publish)
	if err := s.Await(t.Context(), 200); err != nil {
		t.Error(err)
	}
	s.Close()
	if s.Events() != 200 || s.Ended() != 100 {
		t.Errorf("%d events and %d streams ended, want 200 and 100", s.Events(), s.Ended())
	}

	at.RawQuery = ""
	if _, err := OpenStreams(t.Context(), at, 3, loopback); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("streams answered with 404 open: %v", err)
	}
}
