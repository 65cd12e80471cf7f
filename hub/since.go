package hub

import (
	"strconv"
	"time"

	"cinnabar/spec"
)

// headerSince tells that a replay begins at a time, and at which: a hub that
// knows nothing of it does not answer so.
const headerSince = "Cinnabar-Since"

// sinceOf returns the time that a subscriber without a cursor wants to begin
// at: an instant of RFC 3339, or a number of seconds ago. It is an extension of
// ours. The name may be somebody's own, for anything, and such parameters are
// to be ignored (SUB-other-params-ignored): what is no time is none of ours.
func sinceOf(pairs []spec.Pair, now time.Time) (at time.Time, given bool) {
	for _, p := range pairs {
		if p.Name != spec.ParamSince {
			continue
		}
		if ago, err := strconv.ParseUint(p.Value, 10, 32); err == nil {
			return now.Add(-time.Duration(ago) * time.Second), true
		}
		at, err := time.Parse(time.RFC3339, p.Value)
		return at, err == nil
	}
	return time.Time{}, false
}
