package hub

import (
	"cinnabar/hub/fanout"
	"cinnabar/spec"
	"cinnabar/store"
)

// wantsGaps reports whether a subscriber asks to be told in its stream where
// events are missing: native EventSource sees no header. It is an extension of
// ours, which other hubs ignore as any parameter they do not know.
func wantsGaps(pairs []spec.Pair) bool {
	for _, p := range pairs {
		if p.Name == spec.ParamGap {
			return p.Value == "on"
		}
	}
	return false
}

// gapAfter says why a cursor could not be honoured completely. Who asks for
// everything retained is given just that.
func gapAfter(id string, place store.Place) fanout.GapReason {
	switch {
	case id == "" || id == spec.Earliest:
		return ""
	case place.Found == store.Unknown:
		return fanout.UnknownID
	case place.Found == store.Lost:
		return fanout.NotKept
	}
	return fanout.Trimmed
}
