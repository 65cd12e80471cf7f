package load

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Churn is clients that come and go without end: crowds that resume some
// updates behind, receive, and leave at any moment, and some that never read.
// It judges what they get, and whether the hub is as large afterwards as it
// was before.
type Churn struct {
	Hub     *url.URL // for plain HTTP; anonymous subscribers must be admitted
	Metrics *url.URL // Prometheus metrics of the hub, with those of its Go runtime
	Token   string   // to publish to any topic, in protocol 0.x

	For    time.Duration // all in all; begins no window after that
	Window time.Duration // between two looks at the hub at rest
	Crowds int           // at a time
	Print  func(format string, args ...any)
}

const (
	churnTopic   = "https%3A%2F%2Fbench.example%2Fchurn" // encoded
	churnPace    = 10 * time.Millisecond                 // between two updates
	churnSize    = 2_000                                 // bytes of each
	churnSeries  = 1
	churnCrowd   = 60              // the most clients of one crowd
	churnStay    = 3 * time.Second // the longest they stay
	churnStalled = 5               // one crowd of so many does not read
	churnBehind  = 200             // the most updates a crowd has missed
)

// Run goes on until its time is over or something is wrong.
func (c Churn) Run(ctx context.Context) (err error) {
	began := time.Now()
	p, err := NewPublisher(ctx, c.Hub, nil, c.Token)
	if err != nil {
		return err
	}
	f := &churnFeed{feed: feed{publisher: p, series: churnSeries, size: churnSize, head: "topic=" + churnTopic + "&data="}}
	defer f.close()
	if err := f.next(); err != nil { // whom the first crowd begins after
		return err
	}
	var done churned
	var first, last size
	for window := 0; time.Since(began) < c.For; window++ {
		if err := c.window(ctx, f, &done); err != nil {
			return err
		}
		if last, err = c.atRest(ctx, f); err != nil {
			return err
		}
		if window == 1 { // pools and caches have what they keep
			first = last
		}
		c.Print("%v: %d clients came and went in %d crowds, %d of them never read; %d updates, %d events checked; at rest %v",
			time.Since(began).Round(time.Second), done.clients, done.crowds, done.stalled, f.number, done.tally.Events, last)
		if err := done.tally.Err(); err != nil {
			return err
		}
	}
	c.Print("at rest after two windows: %v; at the end: %v", first, last)
	return last.grownFrom(first)
}

// window lets crowds come and go for a while, until all of them have left.
func (c Churn) window(ctx context.Context, f *churnFeed, done *churned) error {
	publishing, stop := context.WithCancel(ctx)
	failed := make(chan error, 1)
	go func() { failed <- f.publishUntil(publishing) }()
	until := time.Now().Add(c.Window)
	all := make([]error, c.Crowds)
	var crowds sync.WaitGroup
	for i := range all {
		crowds.Go(func() {
			for all[i] == nil && time.Now().Before(until) && ctx.Err() == nil {
				all[i] = c.crowd(ctx, f, done)
			}
		})
	}
	crowds.Wait()
	stop()
	return errors.Join(errors.Join(all...), <-failed, ctx.Err())
}

// crowd lets clients come together, some updates behind, stay for a while, and
// leave wherever they are.
func (c Churn) crowd(ctx context.Context, f *churnFeed, done *churned) error {
	n, stalled := 1+rand.IntN(churnCrowd), rand.IntN(churnStalled) == 0
	from := f.cursor()
	s, err := Open(ctx, Opening{Hub: c.Hub, N: n, Subscription: func(int) Subscription {
		return Subscription{
			Query:  url.Values{"topic": {"https://bench.example/churn"}},
			Series: churnSeries, After: from.number, Cursor: from.id, Stalled: stalled,
		}
	}})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := pause(ctx, rand.N(churnStay)); err != nil {
		return nil
	}
	var tally Tally
	if !stalled {
		last := f.newest()
		if tally, err = collectAll(ctx, s, last); err != nil {
			return err
		}
	}
	done.mu.Lock()
	defer done.mu.Unlock()
	done.tally.add(&tally)
	done.crowds++
	done.clients += n
	if stalled {
		done.stalled += n
	}
	return nil
}

// collectAll waits until every stream has had the update with that number. What
// has not come after a minute is lost.
func collectAll(ctx context.Context, s *Streams, last uint32) (sum Tally, err error) {
	for until := time.Now().Add(time.Minute); ; {
		t := s.Collect(func(uint32) uint32 { return last })
		under := t.Lost
		t.Lost = 0
		sum.add(&t)
		if under == 0 || time.Now().After(until) {
			sum.Lost = under
			return sum, nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return sum, err
		}
	}
}

// churned is what a churn has done.
type churned struct {
	mu      sync.Mutex
	tally   Tally
	crowds  int
	clients int
	stalled int
}

// A churnFeed publishes and remembers where crowds may begin.
type churnFeed struct {
	feed
	mu     sync.Mutex
	recent []churnCursor // the newest last
}

type churnCursor struct {
	number uint32
	id     string
}

// publishUntil publishes until ctx ends.
func (f *churnFeed) publishUntil(ctx context.Context) error {
	for {
		if err := f.next(); err != nil {
			return err
		}
		if pause(ctx, churnPace) != nil {
			return nil
		}
	}
}

func (f *churnFeed) next() error {
	id, err := f.publish()
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.recent) == churnBehind {
		f.recent = append(f.recent[:0], f.recent[1:]...)
	}
	f.recent = append(f.recent, churnCursor{f.number, string(id)})
	return nil
}

// newest is the number of the last update.
func (f *churnFeed) newest() uint32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.recent[len(f.recent)-1].number
}

// cursor is one of the last few updates.
func (f *churnFeed) cursor() churnCursor {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.recent[len(f.recent)-1-rand.IntN(len(f.recent))]
}

// A size is how much of the machine a hub takes.
type size struct {
	goroutines, descriptors, streams int
	heap                             int64 // bytes
}

func (s size) String() string {
	return fmt.Sprintf("%d goroutines, %d descriptors, %d streams, %.1f MB of heap", s.goroutines, s.descriptors, s.streams, float64(s.heap)/1e6)
}

// grownFrom tells by what it is larger than it was at an earlier rest, beyond
// what one rest may differ from another.
func (s size) grownFrom(earlier size) error {
	var all []error
	for _, part := range []struct {
		what       string
		now, limit int64
	}{
		{"goroutines", int64(s.goroutines), int64(earlier.goroutines) + 5},
		{"descriptors", int64(s.descriptors), int64(earlier.descriptors) + 5},
		{"streams", int64(s.streams), int64(earlier.streams)},
		{"bytes of heap", s.heap, earlier.heap*5/4 + 2<<20},
	} {
		if part.now > part.limit {
			all = append(all, fmt.Errorf("the hub has grown: %d %s at the end, at most %d were to be expected", part.now, part.what, part.limit))
		}
	}
	return errors.Join(all...)
}

// atRest looks at the hub when everybody has left. The smallest heap it sees is
// that after a collection, which publishing brings about.
func (c Churn) atRest(ctx context.Context, f *churnFeed) (size, error) {
	const (
		leaving = 3 * time.Second // for connections to be gone
		looks   = 20
		between = 100 // updates
	)
	if err := pause(ctx, leaving); err != nil {
		return size{}, err
	}
	least, err := c.look(ctx)
	for i := 0; i < looks && err == nil; i++ {
		for range between {
			if err := f.next(); err != nil {
				return size{}, err
			}
		}
		var s size
		if s, err = c.look(ctx); err == nil {
			least = size{
				min(least.goroutines, s.goroutines), min(least.descriptors, s.descriptors),
				min(least.streams, s.streams), min(least.heap, s.heap),
			}
		}
	}
	return least, err
}

// look reads the hub's metrics.
func (c Churn) look(ctx context.Context) (s size, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Metrics.String(), nil)
	if err != nil {
		return s, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return s, fmt.Errorf("looking at the hub: %w", err)
	}
	defer answer.Body.Close()
	values := make(map[string]float64)
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			values[name] = n
		}
	}
	for _, name := range []string{"go_goroutines", "process_open_fds", "mercure_subscribers_connected", "go_memstats_heap_alloc_bytes"} {
		if _, ok := values[name]; !ok {
			err = cmp.Or(err, fmt.Errorf("looking at the hub: %v has no %s", c.Metrics, name))
		}
	}
	return size{
		goroutines:  int(values["go_goroutines"]),
		descriptors: int(values["process_open_fds"]),
		streams:     int(values["mercure_subscribers_connected"]),
		heap:        int64(values["go_memstats_heap_alloc_bytes"]),
	}, err
}
