package wronghub

import "sync"

// An update is what was published.
type update struct {
	topics  []string
	id      string
	kind    string // the type field
	retry   string
	data    string
	private bool
	change  *change // of a subscription, instead of all but the id
}

// history is every update there was, in order. Streams walk along it, so that
// between a replay and live delivery there is no seam to get wrong.
type history struct {
	mu          sync.Mutex
	updates     []*update
	grown       chan struct{} // closed, and made anew, by every append
	interrupted chan struct{} // closed, and made anew, by every interruption
}

func newHistory() *history {
	return &history{grown: make(chan struct{}), interrupted: make(chan struct{})}
}

func (h *history) append(u *update) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.updates = append(h.updates, u)
	close(h.grown)
	h.grown = make(chan struct{})
}

// interrupt ends the streams.
func (h *history) interrupt() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.interrupted)
	h.interrupted = make(chan struct{})
}

// all returns the updates so far, a channel closed when there are more, and
// one closed by an interruption.
func (h *history) all() (updates []*update, grown, interrupted <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.updates, h.grown, h.interrupted
}
