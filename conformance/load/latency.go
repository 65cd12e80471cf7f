package load

import (
	"math/bits"
	"time"
)

// A Histogram counts durations in buckets that grow with them: each is at
// most a 32nd wider than the durations in it. The zero value is empty.
type Histogram struct {
	counts  [buckets]uint32
	n       int64
	longest time.Duration
}

const (
	fraction = 5 // bits of a duration that tell buckets of one magnitude apart
	buckets  = (64 - fraction) << fraction
)

// add counts one; what is negative counts as 0.
func (h *Histogram) add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d))]++
	h.n++
	h.longest = max(h.longest, d)
}

// merge adds what another has counted.
func (h *Histogram) merge(other *Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.n += other.n
	h.longest = max(h.longest, other.longest)
}

// Quantile returns a duration that a share q of those counted does not exceed;
// 0 when none were.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := int64(q * float64(h.n))
	for i, n := range h.counts {
		if rank -= int64(n); rank < 0 {
			return min(ceiling(i), h.longest)
		}
	}
	return h.longest
}

// Max returns the longest.
func (h *Histogram) Max() time.Duration { return h.longest }

func bucket(d uint64) int {
	magnitude := max(0, bits.Len64(d)-fraction-1)
	return magnitude<<fraction + int(d>>magnitude)
}

// ceiling returns the longest duration in a bucket.
func ceiling(bucket int) time.Duration {
	if bucket < 2<<fraction {
		return time.Duration(bucket)
	}
	magnitude := bucket>>fraction - 1
	leading := uint64(bucket - magnitude<<fraction)
	return time.Duration((leading+1)<<magnitude - 1)
}
