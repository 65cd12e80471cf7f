package wronghub

import (
	"net/http"
	"strings"
	"sync"
)

// A place is what a stream takes while it is open.
type place struct {
	token *token // nil for a stranger
	from  string
}

// places count the open streams.
type places struct {
	mu      sync.Mutex
	streams int
	tokens  map[string]int
	clients map[string]int
}

func newPlaces() *places {
	return &places{tokens: make(map[string]int), clients: make(map[string]int)}
}

func clientOf(r *http.Request) string {
	host, _, _ := strings.Cut(r.RemoteAddr, ":")
	return host
}

// tokenOf is under what the streams of a token are counted.
func (h *Hub) tokenOf(p place) string {
	if h.is(CountsTokensTogether) {
		return "any"
	}
	return p.token.raw
}

// enter takes a place among the streams, if there is one.
func (h *Hub) enter(p place) bool {
	h.places.mu.Lock()
	defer h.places.mu.Unlock()
	full := func(n, most int, admits Defect) bool {
		if h.is(admits) {
			n--
		}
		return most > 0 && n >= most
	}
	if full(h.places.streams, h.config.MaxStreams, AdmitsOneTooMany) ||
		full(h.places.clients[p.from], h.config.MaxOfClient, AdmitsOneTooManyOfClient) ||
		p.token != nil && full(h.places.tokens[h.tokenOf(p)], h.config.MaxOfToken, AdmitsOneTooManyOfToken) {
		if h.is(EndsAllForOneTooMany) {
			h.history.interrupt()
		}
		return false
	}
	h.places.count(h, p, +1)
	return true
}

// leave gives it back.
func (h *Hub) leave(p place) {
	h.places.mu.Lock()
	defer h.places.mu.Unlock()
	if !h.is(CountsWhoLeft) {
		h.places.count(h, p, -1)
	}
}

// count is called with mu held.
func (s *places) count(h *Hub, p place, change int) {
	s.streams += change
	s.clients[p.from] += change
	if p.token != nil {
		s.tokens[h.tokenOf(p)] += change
	}
}
