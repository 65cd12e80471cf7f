// Hostile measures what strangers with hostile selectors buy. It prints how long
// publishes and live deliveries take while nobody attacks and while all of them
// do, in turns, and the ratio. The attacks, by -attack:
//
//   - cursor: they resume from an id nobody knows, with selectors that match
//     nothing, over a long history, which is filled first up to -history;
//   - templates: they are live, with URI templates that have all literals in
//     common with what is published and yet do not match it;
//   - patterns: the same with URL patterns of large regular expressions.
//
// For example:
//
//	cinnabar serve --anonymous --publisher-jwt-key SECRET …   # prints the url
//	go run ./conformance/load/hostile -url URL -key SECRET
//	go run ./conformance/load/hostile -url URL -key SECRET -attack patterns -attackers 2 -selectors 100
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cinnabar/conformance/faults"
	"cinnabar/conformance/load"
)

type settings struct {
	url, key  string
	attack    string
	history   int
	attackers int
	selectors int
	rounds    int
	phase     time.Duration
	pace      time.Duration

	token  string
	client *http.Client
}

func main() {
	var s settings
	flag.StringVar(&s.url, "url", "", "URL of the hub, for plain HTTP; anonymous subscribers must be admitted")
	flag.StringVar(&s.key, "key", "", "HS256 key for publishers of protocol 0.x")
	flag.StringVar(&s.attack, "attack", "cursor", "what they do: cursor, templates or patterns")
	flag.IntVar(&s.history, "history", 1_000_000, "updates the history has to hold for the attack cursor; 0: it is long enough")
	flag.IntVar(&s.attackers, "attackers", 200, "streams of strangers")
	flag.IntVar(&s.selectors, "selectors", 20, "selectors that match nothing, on each of them")
	flag.IntVar(&s.rounds, "rounds", 3, "quiet and attacked phases, in turns")
	flag.DurationVar(&s.phase, "phase", 10*time.Second, "length of a phase")
	flag.DurationVar(&s.pace, "pace", 5*time.Millisecond, "time between two publishes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := s.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "hostile:", err)
		os.Exit(1)
	}
}

func (s settings) run(ctx context.Context) error {
	hub, err := url.Parse(s.url)
	if err != nil || hub.Scheme != "http" || s.key == "" {
		return errors.New("give -url http://… of a running hub, and -key; see -help")
	}
	s.token = faults.Token(s.key, faults.Grants{Publish: []string{"*"}})
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}
	query, err := s.hostileQuery()
	if err != nil {
		return err
	}
	if s.attack == "cursor" {
		if err := s.fill(ctx); err != nil {
			return err
		}
	}
	attack := *hub
	attack.RawQuery = query.Encode()

	var quiet, attacked sample
	for round := range s.rounds {
		fmt.Printf("round %d of %d\n", round+1, s.rounds)
		if err := s.measure(ctx, hub, &quiet); err != nil {
			return err
		}
		streams, err := load.OpenStreams(ctx, &attack, s.attackers, []net.IP{net.IPv4(127, 0, 0, 2), net.IPv4(127, 0, 0, 3)})
		if err != nil {
			return fmt.Errorf("opening the streams of the attack: %w", err)
		}
		err = s.measure(ctx, hub, &attacked)
		if ended := streams.Ended(); err == nil && ended > 0 {
			err = fmt.Errorf("%d of %d attackers were sent away", ended, s.attackers)
		}
		streams.Close()
		if err != nil {
			return err
		}
	}
	for _, row := range []struct {
		what          string
		quiet, attack []time.Duration
	}{
		{"publish", quiet.publishes, attacked.publishes},
		{"publish to live delivery", quiet.deliveries, attacked.deliveries},
	} {
		q, a := percentiles(row.quiet), percentiles(row.attack)
		fmt.Printf("%-26s quiet p50 %v p99 %v; attacked p50 %v p99 %v; ratio of p99 %.2f (goal ≤ 2)\n",
			row.what, q[0], q[1], a[0], a[1], float64(a[1])/float64(q[1]))
	}
	return nil
}

// liveTopic is what is published while the attack is on. The hostile selectors
// are made for it.
const liveTopic = "https://example.com/live"

// hostileQuery is what an attacker asks for.
func (s settings) hostileQuery() (url.Values, error) {
	query := url.Values{}
	for i := range s.selectors {
		switch s.attack {
		case "cursor":
			query.Set("lastEventID", "urn:uuid:00000000-0000-4000-8000-000000000000")
			query.Add("topic", fmt.Sprintf("https://example.com/nothing/%d/{a}/{b}{?c,d}", i))
		case "templates":
			// No i comes after the v, but one has to read to the end to know.
			query.Add("match_uritemplate", "{+a:120}{+b:120}"+strings.Repeat("{+c}", 24)+fmt.Sprintf("v{+v%d}i{+d}", i))
		case "patterns":
			// As large as the limits of a hub may allow; no topic ends in !.
			query.Add("match_urlpattern", fmt.Sprintf("https://*/:p%d((?:[a-z]{0,20}[e-x]{0,20}){1,11}!)", i))
		default:
			return nil, fmt.Errorf("-attack %s: it is cursor, templates or patterns", s.attack)
		}
	}
	return query, nil
}

// A sample is times taken in phases of one kind.
type sample struct{ publishes, deliveries []time.Duration }

func percentiles(times []time.Duration) [2]time.Duration {
	slices.Sort(times)
	at := func(q float64) time.Duration {
		if len(times) == 0 {
			return 0
		}
		return times[int(q*float64(len(times)-1))].Round(10 * time.Microsecond)
	}
	return [2]time.Duration{at(0.5), at(0.99)}
}

// measure publishes at a steady pace for a phase, with a live subscriber.
func (s settings) measure(ctx context.Context, hub *url.URL, into *sample) error {
	live := *hub
	live.RawQuery = url.Values{"topic": {liveTopic}}.Encode()
	streams, err := load.OpenStreams(ctx, &live, 1, []net.IP{net.IPv4(127, 0, 0, 4)})
	if err != nil {
		return err
	}
	defer streams.Close()
	end := time.Now().Add(s.phase)
	for n := int64(1); time.Now().Before(end); n++ {
		begun := time.Now()
		if err := s.publish(ctx, liveTopic, "x"); err != nil {
			return err
		}
		into.publishes = append(into.publishes, time.Since(begun))
		if err := streams.Await(ctx, n); err != nil {
			return err
		}
		into.deliveries = append(into.deliveries, time.Since(begun))
		time.Sleep(time.Until(begun.Add(s.pace)))
	}
	return nil
}

// fill publishes until the history is as long as asked for.
func (s settings) fill(ctx context.Context) error {
	const publishers = 64
	var done atomic.Int64
	var failed atomic.Pointer[error]
	data := strings.Repeat("x", 150)
	var all sync.WaitGroup
	for range publishers {
		all.Go(func() {
			for failed.Load() == nil {
				n := done.Add(1)
				if n > int64(s.history) {
					return
				}
				if n%100_000 == 0 {
					fmt.Printf("%d of %d updates published\n", n, s.history)
				}
				if err := s.publish(ctx, fmt.Sprintf("https://example.com/things/%d", n%1000), data); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return fmt.Errorf("filling the history: %w", *err)
	}
	return nil
}

func (s settings) publish(ctx context.Context, topic, data string) error {
	form := url.Values{"topic": {topic}, "data": {data}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(form))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+s.token)
	answer, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("a publish was answered %s", answer.Status)
	}
	return nil
}
