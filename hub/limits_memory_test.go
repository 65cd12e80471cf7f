package hub_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/store/memory"
)

// heap returns the bytes that are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A slowBody is n bytes of a form, and then nothing until it is ended.
type slowBody struct {
	n     int
	ended <-chan struct{}
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.n == 0 {
		<-b.ended
		return 0, io.ErrUnexpectedEOF
	}
	n := min(len(p), b.n)
	for i := range p[:n] {
		p[i] = 'x'
	}
	b.n -= n
	return n, nil
}

// TestBodiesAreBoundedTogether: however many publishers and strangers send
// their largest bodies at once, the hub holds 64 MiB and 4 MiB of them.
func TestBodiesAreBoundedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, err := memory.Open(memory.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		key, err := auth.ParseKey(hubtest.PublisherSecret, "HS256")
		if err != nil {
			t.Fatal(err)
		}
		h, err := hub.New(hub.Config{Log: log, PublisherKey: key, Anonymous: true, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close(context.Background())
		token := hubtest.Sign(t, "", hubtest.Token{Publish: []string{"*"}})
		for _, test := range []struct {
			method      string
			size, bound int64
		}{
			{"POST", 4 << 20, 64 << 20},
			{"QUERY", 256 << 10, 4 << 20},
		} {
			ended := make(chan struct{})
			before := heap()
			const senders = 100
			done := make(chan struct{})
			for i := range senders {
				r := httptest.NewRequest(test.method, "/.well-known/mercure", &slowBody{int(test.size) - 1, ended})
				r.RemoteAddr = fmt.Sprintf("192.0.2.%d:1", i)
				r.ContentLength = test.size
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				if test.method == "POST" {
					r.Header.Set("Authorization", "Bearer "+token)
				}
				go func() {
					h.ServeHTTP(httptest.NewRecorder(), r)
					done <- struct{}{}
				}()
			}
			synctest.Wait() // all of them have sent what they may, or wait for room
			held := heap() - before
			const others = 2 << 20 // a hundred requests, goroutines and recorders
			if held > test.bound+others || held < test.bound-others {
				t.Errorf("%d of the largest bodies of %s, all but a byte: %d bytes in use, want about %d", senders, test.method, held, test.bound)
			}
			close(ended)
			for range senders {
				<-done
			}
		}
	})
}

// TestLargestSubscriptionIsBounded: what a stranger may ask for takes no more
// memory than it took to ask, times a small factor.
func TestLargestSubscriptionIsBounded(t *testing.T) {
	h := hubtest.Start(t)
	fill := func(name, begin, unit string, n, size int) string {
		var b strings.Builder
		for i := range n {
			value := fmt.Sprintf("%s%d-", begin, i)
			value += strings.Repeat(unit, (size-len(value))/len(unit))
			fmt.Fprintf(&b, "%s=%s&", name, value)
		}
		return strings.TrimSuffix(b.String(), "&")
	}
	for name, body := range map[string]string{
		"exact":     fill("match", "https://e.x/", "a", 30, 8<<10),
		"templates": fill("match_uritemplate", "https://e.x/", strings.Repeat("a", 50)+"{/b}", 100, 1600),
		"patterns":  fill("match_urlpattern", "https://e.x/", strings.Repeat("a", 100)+"/*", 100, 800),
		"groups":    fill("match_urlpattern", "https://e.x/", "/(a|b)", 100, 60),
	} {
		subscribe := func() *hubtest.Stream {
			r := h.Request("QUERY", "", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return h.Open(r)
		}
		subscribe()
		before := heap()
		const streams = 10
		for range streams {
			subscribe()
		}
		each := (heap() - before) / streams
		t.Logf("%s: %d KiB asked for, %d KiB kept", name, len(body)>>10, each>>10)
		if each > 1<<20 {
			t.Errorf("%s: a subscription of %d bytes keeps %d bytes, want at most 1 MiB", name, len(body), each)
		}
	}
}
