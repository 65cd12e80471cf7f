package hub

import (
	"fmt"
	"math"

	"cinnabar/spec"
)

// limitFaults judges the limits.
func (c Config) limitFaults() (faults []error) {
	for _, limit := range []struct {
		name        string
		value, most int64
	}{
		{"max connections", int64(c.MaxConnections), math.MaxInt64},
		{"max connections per token", int64(c.MaxConnectionsPerToken), math.MaxInt64},
		{"max connections per address", int64(c.MaxConnectionsPerAddress), math.MaxInt64},
		{"max body size", c.MaxBodySize, math.MaxInt64},
		{"max field size", int64(c.MaxFieldSize), spec.MaxField},
		{"max topics", int64(c.MaxTopics), math.MaxInt64},
		{"max matchers", int64(c.MaxMatchers), math.MaxInt64},
		{"max matcher size", int64(c.MaxMatcherSize), spec.MaxMatcher},
		{"max details", int64(c.MaxDetails), math.MaxInt64},
	} {
		switch {
		case limit.value < 0:
			faults = append(faults, fmt.Errorf("%s: %d is negative; leave it out for the default", limit.name, limit.value))
		case limit.value > limit.most:
			// Topics and matchers are compared with each other, so neither may
			// outgrow the other.
			faults = append(faults, fmt.Errorf("%s: %d bytes are more than the %d there can be", limit.name, limit.value, limit.most))
		}
	}
	return faults
}
