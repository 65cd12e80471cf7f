package hub

import (
	"errors"

	"cinnabar/auth"
)

// asStarted returns c with what only New can put in force taken from another
// configuration: what open streams, the history or the server around the hub
// were made with. Everything else can be reloaded.
func (c Config) asStarted(with Config) Config {
	c.Log, c.Logger, c.Shortage = with.Log, with.Logger, with.Shortage
	c.ResourceIdentifier, c.Generations = with.ResourceIdentifier, with.Generations
	c.Heartbeat, c.PortableStreams = with.Heartbeat, with.PortableStreams
	c.Subscriptions, c.Presence, c.ShowReasons = with.Subscriptions, with.Presence, with.ShowReasons
	return c
}

// Reload puts another configuration in force, but for Log, Logger, Shortage,
// ResourceIdentifier, Generations, Heartbeat, PortableStreams, Subscriptions,
// Presence and ShowReasons, which stay as they were given to New. Where it has a
// fault everything stays as it was, and the error says why. Do not call it
// concurrently with itself.
//
// Open streams stay, whatever would be said to them if they came now, but for
// those whose key or issuer is no longer trusted: they get nothing private from
// now on, and are closed over a few seconds. Streams beyond a new limit stay and
// count.
func (h *Hub) Reload(c Config) error {
	if h.draining.Load() {
		return errDraining
	}
	c = c.asStarted(h.now().Config).withDefaults()
	a, err := auth.New(h.authConfigOf(c))
	if err := errors.Join(c.faults(), err); err != nil {
		return err
	}
	for _, warning := range a.Warnings() {
		h.logger.Warn(warning)
	}
	next, before := h.settingsOf(c), h.now()
	if c.MaxBodySize == before.MaxBodySize {
		next.publishForms.room = before.publishForms.room // bodies that are in it count
	}
	next.queryForms.room = before.queryForms.room
	h.current.Store(next)
	h.limit(c)

	a.Inherit(h.trust.current.Load())
	h.trust.follow(a)
	return nil
}

// limit tells those who count what they may count up to.
func (h *Hub) limit(c Config) {
	h.engine.LimitStreams(c.MaxConnections)
	h.seats.limit(c.MaxConnectionsPerToken, c.MaxConnectionsPerAddress)
	h.crowd.limit(c.MaxConnectionsPerAddress)
}
