package auth

import (
	"crypto/sha256"
	"sync"
)

// A cacheKey stands for a token, so that none stays in memory. The generation
// is part of the token, and keys are part of the Authenticator, which has a
// cache of its own.
type cacheKey struct {
	role   Role
	digest [sha256.Size]byte
}

func cacheKeyOf(compact string, role Role) cacheKey {
	var usual [1 << 10]byte // on the stack: a conversion would be garbage for every request
	return cacheKey{role, sha256.Sum256(append(usual[:0], compact...))}
}

// Bounds of one half of the cache: bytes of the tokens in it, and of what they
// grant, which a short token can have much of.
const (
	halfCache  = 8 << 20
	entryBytes = 512
)

// A cache remembers tokens that passed, so that a busy publisher and a
// thousand reconnections cost a hash each and no signature. It has a young and
// an old half: a hit in the old one moves to the young; when that is full, it
// becomes the old one, whose entries nobody asked for are forgotten. Failures
// are not kept: strangers could fill it with them.
type cache struct {
	mu         sync.Mutex
	young, old map[cacheKey]cached
	youngBytes int
}

type cached struct {
	grants *Grants
	bytes  int
}

func (c *cache) get(k cacheKey) (*Grants, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.young[k]; ok {
		return found.grants, true
	}
	found, ok := c.old[k]
	if ok {
		delete(c.old, k)
		c.add(k, found)
	}
	return found.grants, ok
}

func (c *cache) put(k cacheKey, g *Grants, tokenBytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(k, cached{g, tokenBytes + entryBytes + g.size()})
}

// add puts an entry into the young half. It is called with mu held.
func (c *cache) add(k cacheKey, entry cached) {
	if c.youngBytes += entry.bytes; c.young == nil || c.youngBytes > halfCache {
		c.old, c.young, c.youngBytes = c.young, make(map[cacheKey]cached), entry.bytes
	}
	c.young[k] = entry
}
