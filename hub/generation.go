package hub

import (
	"slices"
	"strings"
	"time"

	"cinnabar/spec"
)

// generationOf tells which protocol a subscribe request speaks from the names
// of its query parameters (differences G1 to G3): anything beginning with
// "match" is 1.0, also beside a topic; a topic alone is 0.x.
func (h *Hub) generationOf(query []spec.Pair) (spec.Generation, error) {
	served := h.served()
	matches := slices.ContainsFunc(query, inMatchPrefix)
	topics := slices.ContainsFunc(query, isTopic)
	switch {
	case matches && served.Has(spec.Current):
		return spec.Current, nil
	case topics && served.Has(spec.Legacy):
		return spec.Legacy, nil
	case topics && !matches && h.now().Generations.Has(spec.Legacy):
		return spec.Legacy, h.afterSunset() // and counted as what it is
	}
	// Found before the credential is looked at: without a generation there is
	// no telling which credential counts.
	return 0, h.missingMatcher(matches, topics)
}

// missingMatcher words the fault of a request that names nothing, or names it
// in the words of a generation that is not served.
func (h *Hub) missingMatcher(matches, topics bool) *spec.Fault {
	f := &spec.Fault{
		Rule:    "SUB-missing-matcher-400",
		Field:   spec.ParamMatch,
		Problem: "the request names nothing to subscribe to",
		Fix:     "add match=, match_urlpattern= or another matcher parameter (protocol 1.0), or topic= (protocol 0.x)",
	}
	switch served := h.served(); {
	case !served.Has(spec.Legacy):
		f.Fix = "add match=, match_urlpattern= or another matcher parameter"
		if topics {
			f.Field = spec.ParamTopic
			f.Problem = "topic belongs to protocol 0.x, which this hub does not serve"
		}
	case !served.Has(spec.Current):
		f.Fix = "add topic="
		if matches {
			f.Problem = "match belongs to protocol 1.0, which this hub does not serve"
		} else {
			f.Field = spec.ParamTopic
		}
	}
	return f
}

// afterSunset is the fault of a 0.x request that comes too late.
func (h *Hub) afterSunset() *spec.Fault {
	return &spec.Fault{
		Rule:    "SUB-missing-matcher-400",
		Field:   spec.ParamTopic,
		Problem: "topic belongs to protocol 0.x, which this hub serves no more since " + h.now().Legacy.Sunset.UTC().Format(time.DateOnly),
		Fix:     "speak protocol 1.0: match=, match_urlpattern= or match_uritemplate= instead of topic=",
	}
}

// inMatchPrefix reports whether a parameter lies in the name space that 1.0
// reserves, in whatever case (SUB-reserved-prefix-400).
func inMatchPrefix(p spec.Pair) bool {
	n := len(spec.ParamMatch)
	return len(p.Name) >= n && strings.EqualFold(p.Name[:n], spec.ParamMatch)
}

func isTopic(p spec.Pair) bool { return p.Name == spec.ParamTopic }
