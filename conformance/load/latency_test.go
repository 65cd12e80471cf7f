package load

import (
	"math"
	"testing"
	"time"
)

// Buckets cover all durations, in order, none wider than a 32nd of what is in
// it.
func TestBuckets(t *testing.T) {
	for magnitude := range 63 {
		for _, near := range []uint64{0, 1, 1<<magnitude - 1} {
			d := min(1<<magnitude+near, math.MaxInt64)
			b := bucket(d)
			top := uint64(ceiling(b))
			if top < d || top-d > d>>fraction {
				t.Errorf("%d falls into bucket %d, which ends at %d", d, b, top)
			}
			if top < math.MaxInt64 && bucket(top+1) != b+1 {
				t.Errorf("after bucket %d comes %d", b, bucket(top+1))
			}
		}
	}
}

func TestHistogram(t *testing.T) {
	var h, rest Histogram
	if h.Quantile(0.5) != 0 {
		t.Error("an empty histogram has a median")
	}
	for ms := range 900 {
		h.add(time.Duration(ms+1) * time.Millisecond)
	}
	for ms := range 100 {
		rest.add(time.Duration(901+ms) * time.Millisecond)
	}
	h.merge(&rest)
	for q, want := range map[float64]time.Duration{0.5: 501 * time.Millisecond, 0.99: 991 * time.Millisecond, 1: time.Second} {
		if got := h.Quantile(q); got < want || got > want+want/32 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if h.Max() != time.Second {
		t.Errorf("the longest is %v", h.Max())
	}
	h.add(-time.Second)
	if h.Quantile(0) != 0 {
		t.Error("a negative duration does not count as 0")
	}
}
