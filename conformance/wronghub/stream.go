package wronghub

import (
	"bytes"
	"net/http"
	"time"
)

// A stream walks along the history and sends what concerns its subscriber.
type stream struct {
	hub       *Hub
	token     *token // nil for an anonymous subscriber
	gen       generation
	selectors []selector
	position  int    // of the next update to look at
	live      int    // of the first update after the replay
	resumed   string // the id it resumes after, "" for none
	sent      int    // events
}

// earliest asks for, and answers, the beginning of the history.
const earliest = "earliest"

// start begins after the last update there is.
func (s *stream) start() {
	updates, _, _ := s.hub.history.all()
	s.position, s.live = len(updates), len(updates)
}

// resume begins after the update with an id, or with the first that is kept,
// and returns the id of the update before.
func (s *stream) resume(id string) string {
	updates, _, _ := s.hub.history.all()
	s.resumed, s.live = id, len(updates)
	if n := s.hub.config.Retained; n > 0 && !s.hub.is(DiscardsNothing) {
		s.position = max(0, len(updates)-n)
	}
	found := earliest
	for i := s.position; i < len(updates); i++ {
		if u := updates[i]; u.id != id || s.hub.is(SeeksCursorAmongOwn) && !s.wants(u) {
			continue
		}
		s.position, found = i+1, id
		if s.hub.is(ReplaysCursorItself) {
			s.position = i
		}
		if !s.hub.is(ResumesAfterLatest) {
			break
		}
	}
	switch {
	case s.position == len(updates) && s.hub.is(AnswersEarliestAtEnd):
		return earliest
	case s.position < len(updates) && s.hub.is(AnswersFirstReplayed):
		return updates[s.position].id
	case found == earliest && id != earliest && s.hub.is(ForgetsUnknownCursors):
		s.position = len(updates)
	}
	return found
}

// idle reports whether there is nothing to send yet.
func (s *stream) idle() bool {
	updates, _, _ := s.hub.history.all()
	for _, u := range updates[s.position:] {
		if u = s.hub.rendered(u, s.gen); u != nil && s.wants(u) {
			return false
		}
	}
	return true
}

// view returns an update as the stream sees it, nil where it does not.
func (s *stream) view(u *update, replayed bool) *update {
	r := s.hub.rendered(u, s.gen)
	switch {
	case r == nil, u.change == nil:
	case replayed && s.hub.is(ReplaysNoChanges):
		return nil
	case replayed && s.hub.is(ReplaysChangesUntyped):
		r.kind = ""
	}
	return r
}

// wants reports whether an update is subscribed to and may be read.
func (s *stream) wants(u *update) bool {
	return s.matching(u) > 0 && s.hub.mayReceive(s, u)
}

// matching counts the selectors that an update concerns.
func (s *stream) matching(u *update) int {
	topics := u.topics
	if s.hub.is(RoutesByCanonicalOnly) {
		topics = topics[:1]
	}
	n := 0
	for _, matches := range s.selectors {
		if matchesAny(matches, topics) {
			n++
		}
	}
	if n < len(s.selectors) && s.hub.is(WantsEveryMatcher) {
		return 0
	}
	if s.hub.is(SendsGrantedUnasked) && u.private && s.token != nil {
		n++
	}
	return n
}

// times returns how often an update is sent, which of course is once.
func (s *stream) times(u *update, replayed bool) int {
	h := s.hub
	switch {
	case !s.wants(u):
		return 0
	case h.is(SendsOncePerMatcher):
		return s.matching(u)
	case h.is(DispatchesNothing):
		return 0
	case replayed && h.is(DropsOneReplayed) && s.position == s.live-2,
		replayed && h.is(SkipsReusedIDs) && u.id == s.resumed,
		replayed && h.is(ReplaysCanonicalOnly) && !anyMatches(s.selectors, u.topics[0]):
		return 0
	case replayed && h.is(RepeatsLastReplayed) && s.position == s.live-1:
		return 2
	}
	return 1
}

// serve sends events until the client leaves or the stream has to end.
func (s *stream) serve(w http.ResponseWriter, r *http.Request) {
	h := s.hub
	var out bytes.Buffer // what is not sent yet
	flush := func() bool {
		if out.Len() < 4<<10 && s.sent > 0 && h.is(BuffersEvents) {
			return true
		}
		_, err := w.Write(out.Bytes())
		out.Reset()
		return err == nil && http.NewResponseController(w).Flush() == nil
	}
	if h.is(SendsRetryWithUnit) {
		out.WriteString("retry: 3s\n\n")
	}
	if !h.is(HoldsHeadersBack) && !flush() || h.is(EndsStreamsAtOnce) {
		return
	}
	heartbeat, lifetime, expiry := s.deadlines()
	for {
		if s.token != nil && h.is(ExpiresAtEventsOnly) && s.sent > 0 && !time.Now().Before(s.token.expires) {
			return
		}
		updates, grown, interrupted := h.history.all()
		for ; s.position < len(updates); s.position++ {
			replayed := s.position < s.live
			u := s.view(updates[s.position], replayed)
			if u == nil {
				continue
			}
			for range s.times(u, replayed) {
				out.Write(s.encode(u, replayed))
				s.sent++
			}
		}
		if out.Len() > 0 && !flush() {
			return
		}
		select {
		case <-grown:
		case <-heartbeat:
			out.WriteString(":\n")
			if !flush() {
				return
			}
			heartbeat = after(h.config.Heartbeat)
		case <-lifetime:
			if h.is(BreaksOffAtLifetime) {
				panic(http.ErrAbortHandler)
			}
			return
		case <-expiry:
			return
		case <-interrupted:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// deadlines returns when to say that the stream is alive, and when to end it.
func (s *stream) deadlines() (heartbeat, lifetime, expiry <-chan time.Time) {
	h := s.hub
	if !h.is(KeepsSilent) && !h.is(HoldsHeadersBack) {
		heartbeat = after(h.config.Heartbeat)
	}
	if !h.is(IgnoresMaxLifetime) {
		lifetime = after(h.config.MaxLifetime)
	}
	if s.token == nil || s.token.expires.IsZero() || h.is(OutlivesExp) || h.is(ExpiresAtEventsOnly) {
		return heartbeat, lifetime, nil
	}
	left := time.Until(s.token.expires)
	if h.is(GivesExpLeeway) {
		left += 2 * time.Second
	}
	return heartbeat, lifetime, time.After(left)
}

// after is time.After, and never for 0.
func after(d time.Duration) <-chan time.Time {
	if d == 0 {
		return nil
	}
	return time.After(d)
}
