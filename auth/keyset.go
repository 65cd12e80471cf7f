package auth

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Times of a [KeySet].
const (
	DefaultKeyAge   = 15 * time.Minute // how long a set counts as fresh whose server says nothing
	DefaultTolerate = 24 * time.Hour   // how long the last good set is used while no other can be read

	leastKeyAge  = 10 * time.Second // between two readings, whoever asks for one
	patience     = 2 * time.Second  // how long a request waits for one
	fileInterval = 5 * time.Second  // between two looks at a file
)

// A KeySet is an issuer's keys as a JWK Set at a URL or in a file, which may
// change while the hub runs. It is safe for concurrent use.
//
// Where it is read from is configured: nothing in a token changes that
// (AUTH-key-not-from-token). A token with an unknown kid makes it read again,
// at most every ten seconds and once for all who ask. Nobody waits for a server
// that is in trouble: see [KeySet.keysFor].
type KeySet struct {
	source   source
	tolerate time.Duration
	logger   *slog.Logger

	// current is what counts, nil for no keys. It stays the same as long as the
	// keys do, so that whoever found a key in it need only compare.
	current  atomic.Pointer[keyList]
	failures atomic.Uint64
	wake     chan struct{} // tells Watch that somebody else read; holds one

	mu      sync.Mutex
	reading chan struct{} // closed when the reading under way ends, nil without one
	tried   time.Time     // when the last reading began
	read    time.Time     // when the last good one ended
	failing bool          // the last reading failed, which was logged
	age     time.Duration // how long the last good set counts as fresh
}

// A keyList is the keys of one reading, and is never changed.
type keyList struct{ keys []Key }

func (l *keyList) all() []Key {
	if l == nil {
		return nil
	}
	return l.keys
}

// A source is where a set is read from.
type source interface {
	// read returns the keys and how long they count as fresh.
	read(context.Context) ([]Key, time.Duration, error)
	String() string
}

// OpenKeySet returns the set at an https URL, an http URL on loopback, or in a
// file. A file is read at once, and an error if it holds no keys; a server may
// still be starting. tolerate is how long the last good set is used while none
// can be read; 0 means [DefaultTolerate]. A nil logger means slog.Default().
func OpenKeySet(location string, tolerate time.Duration, logger *slog.Logger) (*KeySet, error) {
	from, err := newSource(location)
	if err != nil {
		return nil, err
	}
	if tolerate == 0 {
		tolerate = DefaultTolerate
	}
	if logger == nil {
		logger = slog.Default()
	}
	s := &KeySet{source: from, tolerate: tolerate, logger: logger, wake: make(chan struct{}, 1)}
	if _, isFile := from.(file); !isFile {
		return s, nil
	}
	keys, age, err := from.read(context.Background())
	if err != nil {
		return nil, fmt.Errorf("reading the keys in %s: %w", from, err)
	}
	s.accept(keys, age)
	return s, nil
}

// Failures returns how often the set could not be read.
func (s *KeySet) Failures() uint64 { return s.failures.Load() }

// Published reports whether the set is at a URL: its issuer is then an
// authorization server, and not somebody who signs for himself.
func (s *KeySet) Published() bool {
	_, isServer := s.source.(*server)
	return isServer
}

// String returns where the set is read from.
func (s *KeySet) String() string { return s.source.String() }

// Watch reads the set whenever it is due, until ctx is done, and calls changed
// after each time that the keys are others. One goroutine may watch a set. A
// reading that is under way then ends by itself, within five seconds.
func (s *KeySet) Watch(ctx context.Context, changed func()) {
	known := s.current.Load()
	tell := func() {
		s.expire()
		if now := s.current.Load(); now != known {
			known = now
			changed()
		}
	}
	for {
		tell() // an answer that takes long must not keep old keys in use
		if under := s.begin(); under != nil {
			select {
			case <-ctx.Done():
				return
			case <-under:
			}
			tell()
		}
		due := time.NewTimer(s.due())
		select {
		case <-ctx.Done():
			due.Stop()
			return
		case <-due.C:
		case <-s.wake:
			due.Stop()
		}
	}
}

// due returns how long to wait before the next reading, or before the keys are
// too old.
func (s *KeySet) due() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := max(s.age, leastKeyAge)
	switch _, isFile := s.source.(file); {
	case isFile:
		next = fileInterval
	case s.failing:
		next = leastKeyAge
	}
	if s.current.Load() != nil {
		next = min(next, max(s.tolerate-time.Since(s.read), 0)+time.Millisecond)
	}
	return next
}

// expire forgets keys that were read longer ago than is tolerated. Whoever
// watches the set calls it in time, so that others need not look at the clock.
func (s *KeySet) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.read) > s.tolerate {
		s.current.Store(nil)
	}
}

// keysFor returns the keys for a token with a kid, "" for none. It waits for a
// reading, for patience at most, where that may help and does not make others
// pay for an outage: before the first one has ended, and where a server that
// answered the last time may have a key of that name by now. Otherwise a
// reading that is due goes on behind the caller's back.
func (s *KeySet) keysFor(kid string) []Key {
	s.expire()
	keys := s.current.Load().all()
	if keys != nil && (kid == "" || slices.ContainsFunc(keys, func(k Key) bool { return k.id == kid })) {
		return keys
	}
	under := s.begin()
	s.mu.Lock()
	hopeless := s.failing
	s.mu.Unlock()
	if under == nil || hopeless {
		return keys
	}
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case <-under:
	case <-enough.C:
	}
	return s.current.Load().all()
}

// begin returns what is closed when the reading under way ends. It begins one
// where there is none, unless the last began a moment ago: then it returns nil.
func (s *KeySet) begin() (ended <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading != nil {
		return s.reading
	}
	if !s.tried.IsZero() && time.Since(s.tried) < s.least() {
		return nil
	}
	s.reading, s.tried = make(chan struct{}), time.Now()
	// It is for everybody who asks, so nobody's leaving may end it.
	go s.readOnce(s.reading)
	return s.reading
}

// readOnce is one reading. It closes ended once what was read is there for
// those who wait.
func (s *KeySet) readOnce(ended chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	keys, age, err := s.source.read(ctx)
	if err == nil {
		s.accept(keys, age)
	} else {
		s.failed(err)
	}
	s.mu.Lock()
	s.reading = nil
	s.mu.Unlock()
	close(ended)
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// least is how long it takes from one reading to the next; a file costs
// nobody else anything.
func (s *KeySet) least() time.Duration {
	if _, isFile := s.source.(file); isFile {
		return time.Second
	}
	return leastKeyAge
}

// accept puts the keys of a good reading in force.
func (s *KeySet) accept(keys []Key, age time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failing {
		s.logger.Info("an issuer's keys can be read again", "from", s.source.String())
	}
	s.failing, s.age, s.read = false, age, time.Now()
	unchanged := func(a, b Key) bool { return a.same(b) && a.id == b.id }
	if before := s.current.Load(); before == nil || !slices.EqualFunc(before.keys, keys, unchanged) {
		s.current.Store(&keyList{keys})
	}
}

// failed counts a failure, and logs the first of a row.
func (s *KeySet) failed(err error) {
	s.failures.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.failing {
		s.logger.Warn("an issuer's keys cannot be read; the last good ones stay in use", "from", s.source.String(), "for_at_most", s.tolerate, "error", err)
	}
	s.failing = true
}

// inherit takes the keys of a set of the same place, where it has none yet.
func (s *KeySet) inherit(from *KeySet) {
	from.mu.Lock()
	list, read := from.current.Load(), from.read
	from.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if list != nil && s.current.CompareAndSwap(nil, list) {
		s.read = read
	}
}
