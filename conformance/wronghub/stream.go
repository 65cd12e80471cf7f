package wronghub

import (
	"net/http"
	"strings"
	"time"
)

// A stream walks along the history and sends what concerns its subscriber.
type stream struct {
	hub       *Hub
	token     *token // nil for an anonymous subscriber
	selectors []selector
	position  int // of the next update to look at
}

// earliest asks for, and answers, the beginning of the history.
const earliest = "earliest"

// start begins after the last update there is.
func (s *stream) start() {
	updates, _, _ := s.hub.history.all()
	s.position = len(updates)
}

// resume begins after the update with an id, or with the first that is kept,
// and returns the id of the update before.
func (s *stream) resume(id string) string {
	updates, _, _ := s.hub.history.all()
	if n := s.hub.config.Retained; n > 0 {
		s.position = max(0, len(updates)-n)
	}
	for i := s.position; i < len(updates); i++ {
		if updates[i].id == id {
			s.position = i + 1
			return id
		}
	}
	return earliest
}

// wants reports whether an update is subscribed to and may be read.
func (s *stream) wants(u *update) bool {
	if !s.hub.mayReceive(s.token, u) {
		return false
	}
	for _, topic := range u.topics {
		if anyMatches(s.selectors, topic) {
			return true
		}
	}
	return false
}

// serve sends events until the client leaves or the stream has to end.
func (s *stream) serve(w http.ResponseWriter, r *http.Request) {
	flush := http.NewResponseController(w).Flush
	_ = flush() // a client that left is noticed below
	heartbeat := after(s.hub.config.Heartbeat)
	lifetime := after(s.hub.config.MaxLifetime)
	var expiry <-chan time.Time
	if s.token != nil && !s.token.expires.IsZero() {
		expiry = time.After(time.Until(s.token.expires))
	}
	for {
		updates, grown, interrupted := s.hub.history.all()
		for ; s.position < len(updates); s.position++ {
			if u := updates[s.position]; s.wants(u) {
				if _, err := w.Write(s.hub.encode(u)); err != nil {
					return
				}
			}
		}
		_ = flush()
		select {
		case <-grown:
		case <-heartbeat:
			if _, err := w.Write([]byte(":\n")); err != nil {
				return
			}
			heartbeat = after(s.hub.config.Heartbeat)
		case <-lifetime:
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

// after is time.After, and never for 0.
func after(d time.Duration) <-chan time.Time {
	if d == 0 {
		return nil
	}
	return time.After(d)
}

// encode writes an update as an event.
func (h *Hub) encode(u *update) []byte {
	var b strings.Builder
	field := func(name, value string) { b.WriteString(name + ": " + value + "\n") }
	field("id", u.id)
	if u.kind != "" {
		field("event", u.kind)
	}
	if u.retry != "" {
		field("retry", u.retry)
	}
	for _, line := range lines(u.data) {
		field("data", line)
	}
	b.WriteByte('\n')
	return []byte(b.String())
}

// lines splits at CR LF, CR and LF.
func lines(s string) []string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.Split(s, "\n")
}
