package hub

import (
	"context"
	"sync"
	"sync/atomic"

	"cinnabar/auth"
	"cinnabar/hub/fanout"

	"github.com/prometheus/client_golang/prometheus"
)

// A trust is whose tokens count at the moment. It watches the issuers' key
// sets, and closes the streams whose key or issuer is no longer trusted.
type trust struct {
	engine  *fanout.Engine
	current atomic.Pointer[auth.Authenticator]

	mu    sync.Mutex
	stop  context.CancelFunc // ends those who watch for current
	watch sync.WaitGroup     // counts them
}

func newTrust(e *fanout.Engine) *trust { return &trust{engine: e} }

// follow makes a the one whose tokens count. What others vouched for ends.
func (t *trust) follow(a *auth.Authenticator) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stop != nil {
		t.stop()
	}
	var ctx context.Context
	ctx, t.stop = context.WithCancel(context.Background())
	before := t.current.Swap(a)
	withdraw := func() { t.engine.Revoke(ctx, t.withdrawn) }
	for _, set := range a.KeySets() {
		t.watch.Go(func() { set.Watch(ctx, withdraw) })
	}
	if before != nil {
		t.watch.Go(withdraw)
	}
}

// end stops watching.
func (t *trust) end() {
	t.mu.Lock()
	if t.stop != nil {
		t.stop()
	}
	t.mu.Unlock()
	t.watch.Wait()
}

func (t *trust) withdrawn(owner any) bool {
	g, hasToken := owner.(*auth.Grants)
	return hasToken && !t.current.Load().Trusts(g)
}

// receive returns what decides about private updates for the bearer of a
// token: its grants, for as long as its key is trusted.
func (t *trust) receive(g *auth.Grants) func(topics []string) bool {
	return func(topics []string) bool { return t.current.Load().Trusts(g) && g.CanReceive(topics) }
}

const metricKeyFailures = "mercure_key_set_failures_total"

var keyFailures = prometheus.NewDesc(metricKeyFailures,
	"Times an issuer's key set could not be read; the last good one stays in use meanwhile.", []string{"source"}, nil)

// Describe implements prometheus.Collector.
func (t *trust) Describe(ch chan<- *prometheus.Desc) { ch <- keyFailures }

// Collect implements prometheus.Collector.
func (t *trust) Collect(ch chan<- prometheus.Metric) {
	failures := make(map[string]uint64) // issuers may share a source
	for _, set := range t.current.Load().KeySets() {
		failures[set.String()] += set.Failures()
	}
	for source, n := range failures {
		ch <- prometheus.MustNewConstMetric(keyFailures, prometheus.CounterValue, float64(n), source)
	}
}
