package cli

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cinnabar/auth"
	"cinnabar/spec"
)

// publishOnce publishes data on the topic a, under a key.
func publishOnce(client *http.Client, hub, key, data string) (id string, err error) {
	answer, err := (&publication{hubAccess: hubAccess{url: hub, key: secret}, once: key}).send(client, []string{"a"}, data)
	return answer.id, err
}

// kill ends the hub as a crash would.
func (c *child) kill() {
	c.signal(syscall.SIGKILL)
	c.exit()
}

// replayed reads the whole history, which ends with an event of that id.
func replayed(t *testing.T, hub, last string) (events []event) {
	t.Helper()
	f := subscribe(t, hub+"?topic=a&lastEventID="+spec.Earliest, "")
	defer f.answer.Body.Close()
	for {
		e := f.next()
		if e.ID == last {
			return events
		}
		events = append(events, e)
	}
}

// TestKilledBeforeTheAnswer: what was stored and not answered is stored once,
// though its publisher has to ask again, of a hub that knows nothing but its
// history.
func TestKilledBeforeTheAnswer(t *testing.T) {
	store := "bolt:" + t.TempDir() + "/hub.db"
	c, at := serve(t, "--store", store)
	f := subscribe(t, at.Hub+"?topic=a", "")
	form := "topic=a&data=once"
	r, err := http.NewRequest(http.MethodPost, at.Hub, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Idempotency-Key", "k")
	if err := (&hubAccess{url: at.Hub, key: secret}).present(r, auth.Publisher); err != nil {
		t.Fatal(err)
	}
	// The answer is never read: whatever became of it, this publisher has none.
	conn, err := net.Dial("tcp", r.URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := r.Write(conn); err != nil {
		t.Fatal(err)
	}
	stored := f.next()
	c.kill()

	for life := range 3 {
		c, at = serve(t, "--store", store)
		id, err := publishOnce(http.DefaultClient, at.Hub, "k", "once")
		if err != nil || id != stored.ID {
			t.Errorf("life %d: answered with %s, error %v; want %s, as subscribers got it", life, id, err, stored.ID)
		}
		if _, err := publishOnce(http.DefaultClient, at.Hub, "k", "other"); err == nil || !strings.Contains(err.Error(), "409") {
			t.Errorf("life %d: other data under the key: %v, want 409", life, err)
		}
		c.kill()
	}
	_, at = serve(t, "--store", store)
	events := replayed(t, at.Hub, publish(t, at.Hub, "a", "last"))
	if len(events) != 1 || events[0].ID != stored.ID {
		t.Errorf("the history has %+v, want the one event %s", events, stored.ID)
	}
}

// TestKilledAtAnyMoment kills the hub under load, until a publish was stored and
// not answered a few times. Every publisher asks until it is answered: each key
// has one event, the one that was answered.
func TestKilledAtAnyMoment(t *testing.T) {
	const (
		publishers = 8
		enough     = 10 // repetitions of what was stored
		most       = 60 // rounds
	)
	store := "bolt:" + t.TempDir() + "/hub.db"
	var mu sync.Mutex
	answered := make(map[string]string) // ids by data
	var open []string                   // published and not answered
	repeated, rounds, next := 0, 0, 0
	for ; rounds < most && repeated < enough; rounds++ {
		c, at := serve(t, "--store", store, "--metrics-addr", "127.0.0.1:0")
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: publishers}, Timeout: patience}
		send := func(data string) error {
			id, err := publishOnce(client, at.Hub, "key-of-"+data, data)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				open = append(open, data)
				return err
			}
			answered[data] = id
			return nil
		}
		again := open
		open = nil
		for _, data := range again {
			if err := send(data); err != nil {
				t.Fatalf("%s, of a hub that is well: %v", data, err)
			}
		}
		repeated += repetitions(t, at.Metrics)

		var wg sync.WaitGroup
		for range publishers {
			wg.Go(func() {
				for {
					mu.Lock()
					next++
					data := fmt.Sprint(next)
					mu.Unlock()
					if send(data) != nil {
						return
					}
				}
			})
		}
		time.Sleep(time.Duration(10+rand.IntN(40)) * time.Millisecond)
		c.kill()
		wg.Wait()
		client.CloseIdleConnections()
	}
	_, at := serve(t, "--store", store)
	for _, data := range open {
		id, err := publishOnce(http.DefaultClient, at.Hub, "key-of-"+data, data)
		if err != nil {
			t.Fatal(err)
		}
		answered[data] = id
	}
	there := make(map[string]string)
	for _, e := range replayed(t, at.Hub, publish(t, at.Hub, "a", "last")) {
		if there[e.Data] != "" {
			t.Errorf("%s is there twice, as %s and %s", e.Data, there[e.Data], e.ID)
		}
		there[e.Data] = e.ID
	}
	if len(there) != len(answered) {
		t.Errorf("%d were answered, %d are there", len(answered), len(there))
	}
	for data, id := range answered {
		if there[data] != id {
			t.Errorf("%s was answered with %s and is there as %q", data, id, there[data])
		}
	}
	if repeated < enough {
		t.Errorf("in %d rounds %d publishes were stored and not answered: this proves nothing", rounds, repeated)
	}
	t.Logf("%d kills, %d published, %d of them stored and not answered", rounds, len(answered), repeated)
}

// repetitions reads how many publishes the hub recognized.
func repetitions(t *testing.T, metrics string) (n int) {
	t.Helper()
	r, err := http.Get(metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), `mercure_publishes_total{result="repeated"} `)
	if _, err := fmt.Sscan(rest, &n); err != nil {
		t.Fatalf("the metrics say nothing of repetitions: %v", err)
	}
	return n
}

// TestReloadKeys: a window that is closed, and opened again, by a signal.
func TestReloadKeys(t *testing.T) {
	const on, off = "anonymous: true\n", "anonymous: true\nidempotency_window: 0\n"
	c := serveFile(t, on)
	first, err := publishOnce(http.DefaultClient, c.hub, "k", "once")
	if err != nil {
		t.Fatal(err)
	}
	c.reload(off, "changed=idempotency-window")
	if _, err := publishOnce(http.DefaultClient, c.hub, "k", "once"); err == nil || !strings.Contains(err.Error(), "CINNABAR-idempotency-off") {
		t.Errorf("with the window closed: %v, want a refusal that says so", err)
	}
	publish(t, c.hub, "a", "without a key")
	c.reload(on, "changed=idempotency-window")
	if id, err := publishOnce(http.DefaultClient, c.hub, "k", "once"); err != nil || id == "" {
		t.Errorf("with the window open again: %q (%s before), error %v", id, first, err)
	}
}
