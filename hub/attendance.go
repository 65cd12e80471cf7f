package hub

import (
	"encoding/json"
	"log/slog"

	"cinnabar/auth"
	"cinnabar/hub/fanout"
	"cinnabar/spec"
)

// An attendance is what is remembered of a stream until it ends: what its
// subscriptions are made of, which takes less than they do.
type attendance struct {
	registrar *registrar
	grants    *auth.Grants // nil for a stranger
	selectors []*spec.Selector
	id        spec.SubscriberID
}

// dismiss forgets a stream that did not begin.
func (a *attendance) dismiss() {
	if a == nil {
		return
	}
	a.registrar.mu.Lock()
	a.registrar.arrivals--
	a.registrar.mu.Unlock()
}

// attend makes a subscription tell of its stream, and then does what else is to
// be done at its end.
func (a *attendance) attend(s *fanout.Subscription) {
	if a == nil {
		return
	}
	then := s.Closed
	s.Opened = func() { a.registrar.tell(move{a, true}) }
	s.Closed = func(why fanout.Reason, t fanout.Tally) {
		a.registrar.tell(move{a, false})
		if then != nil {
			then(why, t)
		}
	}
}

// A move is that somebody comes or goes.
type move struct {
	who  *attendance
	came bool
}

// changes returns the subscriptions of a stream that came or went, the same both
// times.
func (m move) changes(logger *slog.Logger) []*spec.Subscription {
	a := m.who
	var payload func(string) (json.RawMessage, bool)
	if a.grants != nil {
		payload = a.grants.Payload
	}
	made, err := spec.NewSubscriptions(a.id, a.selectors, payload)
	if err != nil {
		logger.Warn("subscriptions are shown without the payload of their token", "subscriber", a.id.String(), "error", err)
		made, err = spec.NewSubscriptions(a.id, a.selectors, nil)
	}
	if err != nil {
		logger.Error("subscriptions are not shown", "subscriber", a.id.String(), "error", err)
	}
	if !m.came {
		for i, s := range made {
			made[i] = s.Ended()
		}
	}
	return made
}
