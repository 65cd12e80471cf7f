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
	fileInterval = 5 * time.Second  // between two looks at a file
)

// A KeySet is an issuer's keys as a JWK Set at a URL or in a file, which may
// change while the hub runs. It is safe for concurrent use.
//
// Where it is read from is configured: nothing in a token changes that
// (AUTH-key-not-from-token). A token with an unknown kid makes it read again,
// at most every ten seconds and once for all who wait.
type KeySet struct {
	source   source
	tolerate time.Duration
	logger   *slog.Logger

	current  atomic.Pointer[readKeys]
	failures atomic.Uint64
	wake     chan struct{} // tells Watch that somebody else read; holds one

	mu      sync.Mutex
	reading chan struct{} // closed when the reading under way ends, nil without one
	tried   time.Time
	failing bool          // the last reading failed, which was logged
	age     time.Duration // how long the last good set counts as fresh
}

// readKeys are the keys of one reading.
type readKeys struct {
	keys []Key
	at   time.Time
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
	s.current.Store(&readKeys{keys, time.Now()})
	s.age = age
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
// after each time that the keys are others. One goroutine may watch a set.
func (s *KeySet) Watch(ctx context.Context, changed func()) {
	known := s.keys()
	for {
		s.read(ctx)
		if now := s.keys(); !slices.EqualFunc(known, now, Key.same) {
			known = now
			changed()
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

// due returns how long to wait before the next reading.
func (s *KeySet) due() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, isFile := s.source.(file); isFile {
		return fileInterval
	}
	if s.failing {
		return leastKeyAge
	}
	return max(s.age, leastKeyAge)
}

// keys returns the keys of the last good reading, none once that is longer ago
// than is tolerated.
func (s *KeySet) keys() []Key {
	got := s.current.Load()
	if got == nil || time.Since(got.at) > s.tolerate {
		return nil
	}
	return got.keys
}

// keysFor returns the keys, read anew where none is called kid and a reading is
// allowed.
func (s *KeySet) keysFor(kid string) []Key {
	keys := s.keys()
	named := func(k Key) bool { return k.id == kid }
	if keys == nil || kid != "" && !slices.ContainsFunc(keys, named) {
		s.read(context.Background())
		keys = s.keys()
	}
	return keys
}

// read reads the set, unless that was tried a moment ago; while another does
// it, read waits for that one. The source bounds how long that takes.
func (s *KeySet) read(ctx context.Context) {
	s.mu.Lock()
	if under := s.reading; under != nil {
		s.mu.Unlock()
		<-under
		return
	}
	if time.Since(s.tried) < s.least() {
		s.mu.Unlock()
		return
	}
	done := make(chan struct{})
	s.reading, s.tried = done, time.Now()
	s.mu.Unlock()

	keys, age, err := s.source.read(ctx)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = nil
	defer close(done) // once what was read is there for those who wait
	if err != nil {
		if ctx.Err() == nil {
			s.failed(err)
		}
		return
	}
	if s.failing {
		s.logger.Info("an issuer's keys can be read again", "from", s.source.String())
	}
	s.failing, s.age = false, age
	s.current.Store(&readKeys{keys, time.Now()})
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

// failed counts a failure, and logs the first of a row. It is called with mu
// held.
func (s *KeySet) failed(err error) {
	s.failures.Add(1)
	if !s.failing {
		s.logger.Warn("an issuer's keys cannot be read; the last good ones stay in use", "from", s.source.String(), "for_at_most", s.tolerate, "error", err)
	}
	s.failing = true
}
