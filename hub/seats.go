package hub

import (
	"net/netip"
	"sync"

	"cinnabar/auth"
	"cinnabar/hub/fanout"
)

// seats count the open streams of each token and of each address, for what is
// allowed of them (LIMIT-connections-client, LIMIT-token-subscriptions). A stream
// with a token counts for its address as well: a page may show one token to all
// its visitors. They count without a limit, too: one is set by a reload when
// somebody has taken too much already.
type seats struct {
	mu                   sync.Mutex
	perToken, perAddress int // 0: any number
	tokens               map[auth.TokenID]int
	addresses            map[netip.Prefix]int
}

func newSeats() *seats {
	return &seats{tokens: make(map[auth.TokenID]int), addresses: make(map[netip.Prefix]int)}
}

// limit changes the limits. Streams beyond them stay.
func (s *seats) limit(perToken, perAddress int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.perToken, s.perAddress = perToken, perAddress
}

// A seat is what one stream takes of them, in 64 bytes with what gives it back.
type seat struct {
	of      *seats
	grants  *auth.Grants // nil for a stranger
	address netip.Prefix // zero where the peer has none
}

// take finds a seat for a stream, or says of what there are too many.
func (s *seats) take(grants *auth.Grants, remote string) (*seat, error) {
	taken := &seat{of: s, grants: grants}
	taken.address, _ = addressOf(remote)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.perToken > 0 && grants != nil && s.tokens[grants.Token()] >= s.perToken {
		return nil, &shortageError{TokenConnections}
	}
	if s.perAddress > 0 && taken.address.IsValid() && s.addresses[taken.address] >= s.perAddress {
		return nil, &shortageError{AddressConnections}
	}
	taken.count(+1)
	return taken, nil
}

// leave gives the seat back.
func (s *seat) leave() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.count(-1)
}

// count is called with mu held. What is at zero is forgotten.
func (s *seat) count(change int) {
	if s.grants != nil {
		add(s.of.tokens, s.grants.Token(), change)
	}
	if s.address.IsValid() {
		add(s.of.addresses, s.address, change)
	}
}

func add[K comparable](counts map[K]int, key K, change int) {
	if counts[key] += change; counts[key] == 0 {
		delete(counts, key)
	}
}

// onClosed returns what gives the seat back at the end of its stream, and then
// does what else is to be done there, which may be nil.
func (s *seat) onClosed(then func(fanout.Reason, fanout.Tally)) func(fanout.Reason, fanout.Tally) {
	if then == nil {
		return s.closed // half the size
	}
	return func(why fanout.Reason, t fanout.Tally) {
		s.leave()
		then(why, t)
	}
}

func (s *seat) closed(fanout.Reason, fanout.Tally) { s.leave() }
