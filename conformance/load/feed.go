package load

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"time"
)

// A feed is one publisher of one series of updates, to one topic.
type feed struct {
	publisher *Publisher
	head      string // of the form, up to the data
	series    uint32
	number    uint32 // of the last update
	size      int    // of the data, in bytes

	form []byte
	acks Histogram // how long answers took
}

// feed connects a publisher. Close it.
func (r *run) feed(ctx context.Context, t *target, topic string, series uint32, size int, private bool) (*feed, error) {
	p, err := NewPublisher(ctx, t.url, t.tls, t.token)
	if err != nil {
		return nil, err
	}
	f := &feed{publisher: p, series: series, size: size, head: "topic=" + url.QueryEscape(topic)}
	if private {
		f.head += "&private=on"
	}
	f.head += "&data="
	return f, nil
}

// publish sends the next update and returns its id, valid until the next call.
func (f *feed) publish() (id []byte, err error) {
	f.number++
	f.form = append(f.form[:0], f.head...)
	sent := clock()
	f.form = payload{series: f.series, number: f.number, sent: sent}.append(f.form, f.size)
	id, err = f.publisher.Publish(f.form)
	f.acks.add(time.Duration(clock() - sent))
	return id, err
}

func (f *feed) close() { f.publisher.Close() }

// last is what [Streams.Collect] asks for, where there is one series.
func (f *feed) last(uint32) uint32 { return f.number }

// A pace is how fast a feed publishes.
type pace struct {
	every time.Duration // from one publish to the next; 0: as fast as acknowledged
	burst int           // then, how many before it waits for the deliveries
}

func (p pace) String() string {
	if p.every == 0 {
		return "as fast as acknowledged"
	}
	return fmt.Sprintf("%d/s", time.Second/p.every)
}

// delivered is what a turn of publishing came to.
type delivered struct {
	cpu       float64 // µs per delivery, where known
	known     bool
	own       float64 // of the generator, likewise
	perSecond float64 // deliveries
	late      int     // publishes that began later than the pace wanted
	tally     Tally
}

// deliver publishes for a turn to streams that all wait for the feed's series,
// and holds what they got against it.
func (r *run) deliver(ctx context.Context, t *target, s *Streams, n int, f *feed, p pace) (d delivered, err error) {
	arrived := s.Events()
	if _, err := f.publish(); err != nil { // the token gets verified, buffers grow
		return d, err
	}
	r.await(ctx, s, arrived+int64(n))
	if err := pause(ctx, 100*time.Millisecond); err != nil {
		return d, err
	}
	warm := s.Collect(f.last)
	warm.Lost, warm.Latency = 0, Histogram{} // what is lost stays lost, and is counted below
	arrived = s.Events()
	generator := target{pid: os.Getpid()}
	own, _, err := generator.usage()
	if err != nil {
		return d, err
	}
	f.acks = Histogram{}
	from, began := f.number, time.Now()
	cpu, known, err := t.spent(func() error {
		for time.Since(began) < r.Turn && ctx.Err() == nil {
			if p.every > 0 {
				at := began.Add(time.Duration(f.number-from) * p.every)
				if wait := time.Until(at); wait > 0 {
					time.Sleep(wait)
				} else if wait < -p.every {
					d.late++
				}
				if _, err := f.publish(); err != nil {
					return err
				}
				continue
			}
			for range p.burst {
				if _, err := f.publish(); err != nil {
					return err
				}
			}
			r.await(ctx, s, arrived+int64(f.number-from)*int64(n))
		}
		r.await(ctx, s, arrived+int64(f.number-from)*int64(n))
		return ctx.Err()
	})
	took := time.Since(began)
	if err != nil {
		return d, err
	}
	if err := pause(ctx, 20*time.Millisecond); err != nil { // for what nobody should get twice
		return d, err
	}
	d.tally = s.Collect(f.last)
	d.tally.add(&warm)
	deliveries := float64(f.number-from) * float64(n)
	d.cpu, d.known = microseconds(cpu)/deliveries, known
	if now, _, err := generator.usage(); err == nil {
		d.own = microseconds(now.CPU-own.CPU) / deliveries
	}
	d.perSecond = deliveries / took.Seconds()
	return d, nil
}

// await waits for events, for as long as some come. What does not come in the
// end shows in what is collected.
func (r *run) await(ctx context.Context, s *Streams, events int64) {
	for before := int64(-1); ctx.Err() == nil && before < s.Events() && s.Events() < events; {
		before = s.Events()
		patiently, cancel := context.WithTimeout(ctx, r.Patience)
		_ = s.Await(patiently, events)
		cancel()
	}
}
