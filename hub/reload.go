package hub

import (
	"errors"

	"cinnabar/auth"
)

// ReloadKeys puts other keys and issuers in force: those of c, of which
// nothing else is read. Open streams stay, but for those whose key or issuer is
// no longer trusted: they get nothing private from now on, and are closed over
// a few seconds. Where the keys have a fault, the ones in force stay, and the
// error says why.
//
// What authorization_servers of the metadata lists stays as it was at start.
func (h *Hub) ReloadKeys(c Config) error {
	if h.draining.Load() {
		return errDraining
	}
	next := h.config
	next.PublisherKey, next.SubscriberKey = c.PublisherKey, c.SubscriberKey
	next.Issuer, next.Issuers = c.Issuer, c.Issuers
	a, err := auth.New(h.authConfigOf(next))
	if err != nil {
		return errors.Join(errors.New("the keys in force stay"), err)
	}
	for _, warning := range a.Warnings() {
		h.logger.Warn(warning)
	}
	a.Inherit(h.trust.current.Load())
	h.trust.follow(a)
	return nil
}
