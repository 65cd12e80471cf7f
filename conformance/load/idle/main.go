// Idle opens many streams on a running hub and prints what they cost it: first
// while nothing happens but heartbeats, then while updates come at a pace at
// which nothing can be merged.
//
//	cinnabar serve --anonymous --publisher-jwt-key SECRET …   # prints url and pid
//	go run ./conformance/load/idle -url URL -pid PID -key SECRET
//
// It has to run on the hub's machine, which has to be Linux. Every stream
// takes a descriptor on both sides: see ulimit -n. Besides the streams the hub
// should serve nobody.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/signal"
	"time"

	"cinnabar/conformance/faults"
	"cinnabar/conformance/load"
)

type settings struct {
	url, key  string
	pid       int
	streams   int
	sources   int
	quiet     time.Duration
	publishes int
	pace      time.Duration
	size      int
}

func main() {
	var s settings
	flag.StringVar(&s.url, "url", "", "URL of the hub, for plain HTTP; anonymous subscribers must be admitted")
	flag.IntVar(&s.pid, "pid", 0, "process id of the hub")
	flag.StringVar(&s.key, "key", "", "HS256 key for publishers of protocol 0.x; without it nothing is published")
	flag.IntVar(&s.streams, "n", 10_000, "streams to open")
	flag.IntVar(&s.sources, "sources", 4, "loopback addresses to open them from: 127.0.0.1 and those after it")
	flag.DurationVar(&s.quiet, "quiet", 60*time.Second, "how long to watch the hub do nothing but heartbeats")
	flag.IntVar(&s.publishes, "publishes", 60, "updates to publish, to all streams")
	flag.DurationVar(&s.pace, "pace", 200*time.Millisecond, "time between two of them")
	flag.IntVar(&s.size, "size", 150, "bytes of each")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := s.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "idle:", err)
		os.Exit(1)
	}
}

func (s settings) run(ctx context.Context) error {
	hub, err := url.Parse(s.url)
	if err != nil || hub.Scheme != "http" || s.pid == 0 || s.streams < 1 || s.sources < 1 {
		return errors.New("give -url http://… and -pid of a running hub, and at least one stream and source; see -help")
	}
	const topic = "https://example.com/idle"
	hub.RawQuery = url.Values{"topic": {topic}}.Encode()
	var sources []net.IP
	for i := range s.sources {
		sources = append(sources, net.IPv4(127, 0, byte(i>>8), byte(i+1)))
	}

	empty, err := faults.UsageOf(s.pid)
	if err != nil {
		return err
	}
	began := time.Now()
	streams, err := load.OpenStreams(ctx, hub, s.streams, sources)
	if err != nil {
		return err
	}
	defer streams.Close()
	took := time.Since(began)
	if err := wait(ctx, time.Second); err != nil {
		return err
	}
	open, err := faults.UsageOf(s.pid)
	if err != nil {
		return err
	}
	fmt.Printf("%d streams opened in %v: CPU %.1f µs each\n", s.streams, took.Round(time.Millisecond), s.perStream(open.CPU-empty.CPU))
	fmt.Printf("memory of the hub before: %.1f MB resident, %.1f MB anonymous\n", megabytes(empty.RSS), megabytes(empty.Anon))
	fmt.Printf("a second after the last: %.1f MB, %.1f MB; per stream %d bytes, %d bytes\n", megabytes(open.RSS), megabytes(open.Anon),
		(open.RSS-empty.RSS)/int64(s.streams), (open.Anon-empty.Anon)/int64(s.streams))

	if err := wait(ctx, s.quiet); err != nil {
		return err
	}
	quiet, err := faults.UsageOf(s.pid)
	if err != nil {
		return err
	}
	idle := quiet.CPU - open.CPU
	fmt.Printf("%v of quiet: CPU %v, %.3f µs per stream and second; then %.1f MB, %.1f MB; per stream %d bytes, %d bytes\n",
		s.quiet, idle, s.perStream(idle)/s.quiet.Seconds(), megabytes(quiet.RSS), megabytes(quiet.Anon),
		(quiet.RSS-empty.RSS)/int64(s.streams), (quiet.Anon-empty.Anon)/int64(s.streams))
	if ended := streams.Ended(); ended > 0 {
		return fmt.Errorf("%d streams ended meanwhile", ended)
	}
	if s.key == "" {
		return nil
	}
	return s.fanOut(ctx, topic, streams)
}

// fanOut publishes at a steady pace and prints the CPU time per delivery, that
// of publishing included.
func (s settings) fanOut(ctx context.Context, topic string, streams *load.Streams) error {
	publisher := faults.NewRecord().Publisher("idle", faults.Token(s.key, faults.Grants{Publish: []string{"*"}}))
	defer publisher.Close()
	before, err := faults.UsageOf(s.pid)
	if err != nil {
		return err
	}
	pace := time.NewTicker(s.pace)
	defer pace.Stop()
	var slowest time.Duration
	late := 0
	for n := range s.publishes {
		began := time.Now()
		if a := publisher.Publish(ctx, s.url, faults.Update{Topic: topic, Size: s.size}); a.Outcome != faults.Acknowledged {
			return fmt.Errorf("publishing: %s", a.Problem)
		}
		if err := streams.Await(ctx, int64(n+1)*int64(s.streams)); err != nil {
			return err
		}
		took := time.Since(began)
		slowest = max(slowest, took)
		if took > s.pace {
			late++
		}
		select {
		case <-pace.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	after, err := faults.UsageOf(s.pid)
	if err != nil {
		return err
	}
	deliveries := s.publishes * s.streams
	cpu := after.CPU - before.CPU
	fmt.Printf("%d deliveries, one publish every %v (%d took longer): CPU %v, %.2f µs per delivery; slowest publish reached all streams after %v\n",
		deliveries, s.pace, late, cpu, float64(cpu.Microseconds())/float64(deliveries), slowest.Round(time.Millisecond))
	return nil
}

func (s settings) perStream(d time.Duration) float64 {
	return float64(d.Microseconds()) / float64(s.streams)
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
