package fanout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"cinnabar/hub/presence"
	"cinnabar/spec"
	"cinnabar/store"
)

// Why a stream is refused.
var (
	ErrClosed = errors.New("fanout: closed")
	ErrFull   = errors.New("fanout: as many streams are open as may be")
)

// Config is what an [Engine] is made of. Only Log is required.
type Config struct {
	Log       store.Log
	HubPath   string        // of the hub's URL, where subscriptions are told of; "" is [spec.WellKnownPath]
	Heartbeat time.Duration // comment after this much silence; 0: never
	// StallLimit is how long a socket may refuse bytes before its subscriber
	// is closed as too slow; 0 means 30 s.
	StallLimit time.Duration
	// Portable keeps every stream with net/http, also where [Own] would let
	// the engine carry it itself.
	Portable bool
	Logger   *slog.Logger // nil means slog.Default()
}

// A Subscription is what a subscriber asked for and may have.
type Subscription struct {
	// Selectors: an update about a topic that any of them matches is meant.
	Selectors []*spec.Selector
	// CanReceive decides about private updates by their topics; nil means no.
	CanReceive func(topics []string) bool
	// Generation in whose words it is told of subscriptions that begin and end;
	// zero: not at all.
	Generation spec.Generation
	// ReceiveCost is what CanReceive costs for a topic at most, about. Where it
	// costs much, private updates take the slower way of dear selectors.
	ReceiveCost spec.Cost

	// Owner is whose turn it is when this subscriber catches up: owners get
	// equal shares, however many streams they open. Any comparable value.
	Owner any

	// Replay makes the stream begin after position After of the history, and
	// not with what becomes visible from now on.
	Replay bool
	After  store.Position
	// Gaps asks for an event in the stream wherever entries are missing: the stream
	// then goes on, where it would otherwise end with [HistoryTrimmed]. Cursor is
	// the id that the client went on from, "" for none, and Gap says why there is a
	// gap behind it already, "" for no gap.
	Gaps   bool
	Cursor string
	Gap    GapReason

	// LossTold says that the client has been told that entries after its
	// cursor may be gone, so that finding them trimmed when the replay begins
	// is no reason to end the stream.
	LossTold bool

	// Ends is when the stream has to end, with reason EndsWith; zero: never.
	Ends     time.Time
	EndsWith Reason

	// Opened is called once the stream is certain to be there, before anything
	// can end it and after its position was fixed: what it appends to the log
	// is offered to the subscriber itself. It must neither block nor call the
	// engine. May be nil.
	Opened func()
	// Closed is called once when the stream has ended, whoever ended it, from
	// a goroutine of the engine's choosing; it must not block. May be nil.
	Closed func(Reason, Tally)
}

// A Tally is what one stream carried.
type Tally struct {
	Opened time.Time
	Events uint64
	Bytes  uint64 // of the stream, before transfer coding
}

// An Engine follows one log and serves its subscribers. Its goroutines are
// one dispatcher and a fixed pool of catch-up workers; Close ends them.
type Engine struct {
	log        store.Log
	logger     *slog.Logger
	heartbeat  time.Duration
	stallLimit time.Duration
	hubPath    string
	portable   bool // no stream is hijacked

	stop       context.CancelFunc // ends the dispatcher and the workers
	workers    sync.WaitGroup     // counts them
	history    *history           // what is read to catch up
	lagging    *turns             // subscribers that wait for their turn to catch up
	delivered  atomic.Uint64      // events handed to sockets, counted by the streams
	delivering atomic.Int64       // when the dispatcher last had an entry, in ns since 1970
	writers    *writers           // carry the hijacked streams
	joins      sync.Pool          // of *[]byte: buffers in which streams join waiting events

	// mu makes "considered up to here" one fact for everybody: it guards the
	// dispatcher's position together with who is live. It is never held
	// across I/O. Lock order: mu, then a stream's own lock.
	mu         sync.Mutex
	maxStreams int            // 0: any number
	position   store.Position // every entry up to here was offered to the live subscribers
	present    presence.Fold  // at position
	index      *index
	members    map[*Subscriber]struct{}
	watchers   watchers
	matched    match         // reused by the dispatcher
	reaches    reaches       // up to position
	empty      chan struct{} // closed when closing and the last member has left
	closing    bool
	stats      Stats
}

// Stats is a snapshot of the engine's counters.
type Stats struct {
	Live, CatchingUp int64             // subscribers by state
	Joined           uint64            // subscribers ever
	Delivered        uint64            // events handed to sockets
	FellBehind       uint64            // live → catching up
	CaughtUp         uint64            // catching up → live
	Closed           map[Reason]uint64 // streams ended, by reason
	Position         store.Position    // the dispatcher's
}

// New starts an engine at the visible head of the log.
func New(c Config) (*Engine, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.HubPath == "" {
		c.HubPath = spec.WellKnownPath
	}
	if c.StallLimit == 0 {
		c.StallLimit = defaultStallLimit
	}
	bounds, err := c.Log.Bounds(context.Background())
	if err != nil {
		return nil, fmt.Errorf("reading the head of the history: %w", err)
	}
	last, err := lastID(context.Background(), c.Log, bounds)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	e := &Engine{
		log:        c.Log,
		logger:     c.Logger,
		heartbeat:  c.Heartbeat,
		stallLimit: c.StallLimit,
		hubPath:    c.HubPath,
		portable:   c.Portable,
		stop:       stop,
		history:    &history{log: c.Log, hubPath: c.HubPath},
		lagging:    newTurns(),
		position:   bounds.Newest,
		index:      newIndex(),
		members:    make(map[*Subscriber]struct{}),
		empty:      make(chan struct{}),
		stats:      Stats{Closed: make(map[Reason]uint64)},
		joins:      sync.Pool{New: func() any { return new([]byte) }},
	}
	e.present.Pass(last)
	e.writers = newWriters(e)
	e.workers.Go(func() { e.dispatch(ctx) })
	// Few, so that replays cannot take the machine from live delivery.
	for range max(1, runtime.GOMAXPROCS(0)/2) {
		e.workers.Go(func() { e.catchUp(ctx) })
	}
	return e, nil
}

// join makes a subscriber at its one position and gives it its stream. It is
// catching up; where nothing is left to read it is live at once.
func (e *Engine) join(s Subscription, open func(*Subscriber) Stream) (*Subscriber, error) {
	if !s.Replay {
		// The visible head, not the dispatcher's position: what was
		// acknowledged before the request came is not sent to it.
		bounds, err := e.log.Bounds(context.Background())
		if err != nil {
			return nil, fmt.Errorf("reading the head of the history: %w", err)
		}
		s.After = bounds.Newest
	}
	sub := newSubscriber(e, s)
	sub.stream = open(sub)

	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing {
		return nil, ErrClosed
	}
	if e.maxStreams > 0 && len(e.members) >= e.maxStreams {
		return nil, ErrFull
	}
	e.members[sub] = struct{}{}
	for _, sel := range s.Selectors {
		sub.seats = append(sub.seats, e.index.add(sel, sub))
	}
	e.watchers.add(sub, 1)
	e.stats.Joined++
	e.stats.CatchingUp++
	sub.state = catchingUp
	if s.LossTold && !s.Gaps {
		sub.behind().toldOf = e.position
	}
	if !e.promote(sub) {
		e.lagging.push(sub)
	}
	if s.Opened != nil {
		s.Opened()
	}
	return sub, nil
}

// LimitStreams bounds how many may be open at once, 0 for any number. Those
// beyond a lower bound stay.
func (e *Engine) LimitStreams(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.maxStreams = n
}

// leave forgets a subscriber whose stream has ended.
func (e *Engine) leave(sub *Subscriber, r Reason) {
	e.mu.Lock()
	switch sub.state {
	case live, deciding:
		e.stats.Live--
	case catchingUp:
		e.stats.CatchingUp--
	}
	sub.state = gone
	for _, seat := range sub.seats {
		e.index.remove(seat)
	}
	sub.seats = nil
	delete(e.members, sub)
	e.watchers.add(sub, -1)
	e.stats.Closed[r]++
	last := e.closing && len(e.members) == 0
	e.mu.Unlock()
	if last {
		close(e.empty)
	}
}

// Stats returns a snapshot.
func (e *Engine) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.stats
	s.Position = e.position
	s.Closed = make(map[Reason]uint64, len(e.stats.Closed))
	for r, n := range e.stats.Closed {
		s.Closed[r] = n
	}
	s.Delivered = e.delivered.Load()
	return s
}

// Close ends every stream on an event boundary with the reason, refuses new
// ones and stops the engine's goroutines. It returns ctx's error when streams
// are still open then; a second call returns nil.
func (e *Engine) Close(ctx context.Context, r Reason) error {
	e.mu.Lock()
	if e.closing {
		e.mu.Unlock()
		return nil
	}
	e.closing = true
	e.reaches.giveUp(math.MaxUint64)
	open := make([]Stream, 0, len(e.members))
	for sub := range e.members {
		open = append(open, sub.stream)
	}
	if len(open) == 0 {
		close(e.empty)
	}
	e.mu.Unlock()

	e.stop()
	e.lagging.close()
	e.workers.Wait()
	for _, s := range open {
		s.Close(r)
	}
	defer e.writers.close()
	select {
	case <-e.empty:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for streams to end: %w", ctx.Err())
	}
}
