package cli

import (
	"math"
	"runtime/metrics"
	"sync"
	"time"
)

// A memoryGauge tells when what is alive comes so near to GOMEMLIMIT that the
// collector would do little else than look for what is not. Without a
// GOMEMLIMIT memory is never short: the process cannot know how much it may
// have.
type memoryGauge struct {
	mu      sync.Mutex
	samples []metrics.Sample
	read    time.Time // when the samples were taken
	verdict bool
}

// memoryLook is how long a verdict holds: a storm must not buy more.
const memoryLook = 100 * time.Millisecond

func newMemoryGauge() *memoryGauge {
	return &memoryGauge{samples: []metrics.Sample{
		{Name: "/gc/gomemlimit:bytes"},
		{Name: "/gc/heap/live:bytes"}, // after the last collection
		{Name: "/memory/classes/heap/stacks:bytes"},
	}}
}

// short reports whether new streams should not be admitted.
func (g *memoryGauge) short() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := time.Now(); now.Sub(g.read) > memoryLook {
		metrics.Read(g.samples)
		g.read = now
		limit, live, stacks := g.samples[0].Value.Uint64(), g.samples[1].Value.Uint64(), g.samples[2].Value.Uint64()
		g.verdict = limit < math.MaxInt64 && live+stacks > limit/5*4
	}
	return g.verdict
}
