package spec

import (
	"sync"
	"sync/atomic"
)

// compiled holds what selectors have compiled, for all of them: one program
// often serves thousands of subscribers and tokens, and a million different
// ones would not fit in memory.
//
// It only saves time: an entry is a pure function of its key, which holds all
// that it was made from and is compared as a whole, so that no entry can stand
// in for another whatever strings strangers choose.
var compiled = programs{usual: cache{limit: 48 << 20}, large: cache{limit: 16 << 20}}

// largeProgram is the size from which on a program takes the room of large ones.
const largeProgram = 64 << 10

// programs holds large programs apart from usual ones, so that strangers who
// bring many of them push out each other's, and not what everybody uses.
type programs struct{ usual, large cache }

// get returns the program of key, if it is held.
func (p *programs) get(key compiledKey) program {
	if found := p.usual.get(key); found != nil {
		return found
	}
	return p.large.get(key)
}

// put holds a program.
func (p *programs) put(key compiledKey, made program) {
	if made.size() >= largeProgram {
		p.large.put(key, made)
	} else {
		p.usual.put(key, made)
	}
}

type compiledKey struct {
	SelectorKey
	base string
}

// A program is the expensive part of a selector. It is safe for concurrent use.
type program interface {
	match(topic string) bool
	// size estimates the bytes of memory it holds.
	size() int
}

// A cache keeps programs up to limit bytes and forgets those that were not used
// for longest, roughly: the clock algorithm. It is safe for concurrent use.
type cache struct {
	limit int

	mu      sync.RWMutex
	entries map[compiledKey]*cacheEntry
	clock   []*cacheEntry // in no order but the hand's
	hand    int
	held    int // bytes
}

type cacheEntry struct {
	key     compiledKey
	program program
	used    atomic.Bool // since the hand last passed
}

// get returns the program of key, if it is held.
func (c *cache) get(key compiledKey) program {
	c.mu.RLock()
	entry := c.entries[key]
	c.mu.RUnlock()
	if entry == nil {
		return nil
	}
	if !entry.used.Load() { // spares the cache line in the common case
		entry.used.Store(true)
	}
	return entry.program
}

// put holds p, unless another goroutine was faster, and makes room for it.
func (c *cache) put(key compiledKey, p program) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[key] != nil {
		return
	}
	if c.entries == nil {
		c.entries = make(map[compiledKey]*cacheEntry)
	}
	entry := &cacheEntry{key: key, program: p}
	c.entries[key] = entry
	c.clock = append(c.clock, entry)
	c.held += p.size()
	for c.held > c.limit && len(c.clock) > 1 {
		c.forgetOne(entry)
	}
}

// forgetOne drops the next entry that was not used since the hand last passed
// it, but for keep.
func (c *cache) forgetOne(keep *cacheEntry) {
	for {
		c.hand = (c.hand + 1) % len(c.clock)
		entry := c.clock[c.hand]
		if entry == keep || entry.used.Swap(false) {
			continue
		}
		last := len(c.clock) - 1
		c.clock[c.hand] = c.clock[last]
		c.clock[last] = nil
		c.clock = c.clock[:last]
		delete(c.entries, entry.key)
		c.held -= entry.program.size()
		return
	}
}
