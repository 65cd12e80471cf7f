// Package hub is the HTTP edge of Cinnabar: a Mercure hub as an http.Handler.
//
// One file holds one endpoint: read the request, make values of it, call,
// answer. Routing, limits and answers live here; fan-out is in hub/fanout,
// permission in auth, history in a store.Log.
package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"

	"cinnabar/auth"
	"cinnabar/hub/fanout"
	"cinnabar/spec"
	"cinnabar/store"

	"github.com/prometheus/client_golang/prometheus"
)

// A Hub serves publishers and subscribers. It is safe for concurrent use.
//
// Streams outlive the timeouts of the http.Server around it, and with [Own] the
// server's part in them. For HTTP/2 it needs
// a WriteByteTimeout: only the server can end a connection that takes nothing.
type Hub struct {
	current   atomic.Pointer[settings]
	log       store.Log
	logger    *slog.Logger
	base      *spec.Base
	origin    string // the hub's own, "" without a resource identifier
	trust     *trust
	engine    *fanout.Engine
	registrar *registrar // nil where nobody is told of subscriptions
	metrics   *metrics
	seats     *seats
	crowd     crowd

	deadlines deadlines // of appends

	draining    atomic.Bool
	eternalTold atomic.Bool // that there are 0.x tokens without exp
}

// New starts a hub on a log; all faults of the configuration are joined.
func New(c Config) (*Hub, error) {
	c = c.withDefaults()
	h := &Hub{log: c.Log, logger: c.Logger, seats: newSeats(), crowd: newCrowd()}
	faults := []error{c.faults(), h.settle(c)}
	a, err := auth.New(h.authConfigOf(c))
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	for _, warning := range a.Warnings() {
		h.logger.Warn(warning)
	}
	h.engine, err = fanout.New(fanout.Config{
		Log: c.Log, HubPath: h.base.Path(), Heartbeat: max(c.Heartbeat, 0), Portable: c.PortableStreams, Logger: c.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("starting the fan-out: %w", err)
	}
	if c.Subscriptions {
		h.registrar = newRegistrar(c.Presence, c.Logger)
	}
	h.metrics = newMetrics(h.engine, h.log)
	h.trust = newTrust(h.engine)
	h.trust.follow(a)
	h.current.Store(h.settingsOf(c))
	h.limit(c)
	return h, nil
}

// settle fixes where the hub is: its base, and its own origin.
func (h *Hub) settle(c Config) error {
	h.base = spec.UnnamedBase()
	if id := c.ResourceIdentifier; id != "" {
		base, err := spec.ParseBase(id)
		if err != nil {
			return fmt.Errorf("resource identifier: %w", err)
		}
		u, err := url.Parse(id)
		if err != nil {
			return fmt.Errorf("resource identifier: %w", err)
		}
		h.base, h.origin = base, originOf(u)
	}
	if c.Generations.Has(spec.Legacy) && h.base.Path() != spec.WellKnownPath {
		// differences C14: only 1.0 lets a hub live elsewhere.
		return fmt.Errorf("protocols: 0.x can only be served at %s, not at %s; serve 1.0 alone or change the resource identifier",
			spec.WellKnownPath, h.base.Path())
	}
	return nil
}

// authConfigOf is the part of a configuration that auth judges.
func (h *Hub) authConfigOf(c Config) auth.Config {
	a := auth.Config{
		Generations:        c.Generations,
		Base:               h.base,
		ResourceIdentifier: c.ResourceIdentifier,
		LegacyPublisher:    c.PublisherKey,
		LegacySubscriber:   c.SubscriberKey,
		Legacy:             c.Legacy,
		CookieName:         c.CookieName,
		LegacyCookieName:   c.LegacyCookieName,
		LegacyQueryToken:   c.LegacyQueryToken,
		MaxDetails:         c.MaxDetails,
		MaxMatcher:         c.MaxMatcherSize,
		Issuers:            slices.Clone(c.Issuers),
	}
	if c.Issuer != "" {
		a.Issuers = append(a.Issuers, auth.Issuer{ID: c.Issuer, Publisher: c.PublisherKey, Subscriber: c.SubscriberKey})
	}
	return a
}

// ServeHTTP answers the hub's paths, and 404 to any other.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	limitBody(w, r)
	h.now().handler.ServeHTTP(w, r)
}

// Publish appends an update on behalf of the embedding program, which needs no
// token, and returns its id once it is as durable as the hub is configured to
// make it. The error is a *[spec.Fault] or the history's, wrapped.
func (h *Hub) Publish(ctx context.Context, f spec.Fields) (spec.EventID, error) {
	u, err := spec.NewUpdate(f, h.now().rules)
	if err != nil {
		return spec.EventID{}, err
	}
	receipt, err := h.append(ctx, u, nil)
	if err != nil {
		return spec.EventID{}, err
	}
	return receipt.Entries[0].ID, nil
}

// append puts one update into the history and says how safe it is there; one
// with a key only if that is new.
func (h *Hub) append(ctx context.Context, u *spec.Update, once *store.Once) (receipt store.Receipt, err error) {
	want := h.now().Durability
	if once == nil {
		receipt, err = h.log.Append(ctx, want, u)
	} else {
		receipt, err = h.log.AppendOnce(ctx, want, *once, u)
	}
	if err != nil {
		return store.Receipt{}, fmt.Errorf("appending an update: %w", err)
	}
	if !receipt.Repeated {
		h.metrics.updates.Inc()
	}
	return receipt, nil
}

// errDraining is why a hub about to stop is not ready.
var errDraining = errors.New("the hub is shutting down")

// Ready returns nil while the hub can do its work, else what is wrong.
func (h *Hub) Ready() error {
	if h.draining.Load() {
		return errDraining
	}
	if err := h.log.Health(); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// Drain makes the hub refuse new streams in the way that lets clients come
// back (200, retry:, end) and fail readiness, while publishes and open streams
// go on.
func (h *Hub) Drain() { h.draining.Store(true) }

// Streams returns how many streams are open.
func (h *Hub) Streams() int {
	s := h.engine.Stats()
	return int(s.Live + s.CatchingUp)
}

// Close ends every stream cleanly with reason shutdown and stops the hub's
// goroutines, or returns ctx's error when that takes longer.
func (h *Hub) Close(ctx context.Context) error {
	h.Drain()
	h.trust.end()
	err := h.engine.Close(ctx, fanout.Shutdown)
	if h.registrar != nil {
		err = errors.Join(err, h.registrar.close(ctx))
	}
	return err
}

// Collectors returns the hub's metrics; register them where they are wanted.
func (h *Hub) Collectors() []prometheus.Collector {
	all := append(h.metrics.collectors(), h.trust)
	if h.registrar != nil {
		all = append(all, openSubscriptions(h.engine), untold(h.registrar))
	}
	return all
}
