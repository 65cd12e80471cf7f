package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"cinnabar/hub"
	"cinnabar/spec"
	"cinnabar/store"
)

// A service is a hub on its listeners, as serve and dev run it.
type service struct {
	addr, metricsAddr string // no metrics listener when empty
	adminSocket       string // see [program.socketPath]
	tls               *tls.Config
	drain             time.Duration
	store             string
	retention         store.Retention
	config            hub.Config // Log apart, which run opens

	// configure completes the configuration once the address is known; may be
	// nil.
	configure func(*hub.Config, site) error
	// reloader answers SIGHUP; nil where the settings cannot change.
	reloader *reloader
	// protect wraps the hub's handler; may be nil.
	protect func(http.Handler) http.Handler
	// ready tells whoever started the hub where it is.
	ready func(site) error
}

// A site is where a service can be reached.
type site struct {
	hub     string // URL of the hub
	metrics string // base URL of the metrics listener, "" for none
	public  bool   // from other machines, that is
}

// How long each of the ends may take that a client could prolong: streams
// closing cleanly and requests being answered.
const farewell = 5 * time.Second

// run serves until SIGTERM or an interrupt, then lets streams end (see
// [stop]). A second signal ends it at once.
func (p *program) run(v service) error {
	logger := hub.Calm(v.config.Logger)
	limits, err := openDescriptors()
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	// Listening comes before the history: a port in use must not cost an
	// epoch.
	listener, err := listen("addr", v.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	listener = limits.guard(listener, logger)
	at := site{hub: v.hubURL(listener.Addr()), public: !onLoopback(listener.Addr())}
	var metricsListener net.Listener
	if v.metricsAddr != "" {
		if metricsListener, err = listen("metrics-addr", v.metricsAddr); err != nil {
			return err
		}
		defer metricsListener.Close()
		at.metrics = "http://" + reachable(metricsListener.Addr())
	}

	socket, err := p.socketPath(v.adminSocket, v.store)
	if err != nil {
		return usageError{err}
	}
	if v.adminSocket != "" && socket != "" { // like a port in use; one beside the history is its owner's
		if err := refuseTaken(socket); err != nil {
			return err
		}
	}

	config := v.config
	if v.configure != nil {
		if err := v.configure(&config, at); err != nil {
			return err
		}
	}
	limits.limitStreams(&config, logger)
	history, err := p.open(v.store, v.retention)
	if err != nil {
		return err
	}
	config.Log, config.Presence = history.Log, history.Presence
	h, err := hub.New(config)
	if err != nil {
		return usageError{errors.Join(err, config.Log.Close())}
	}

	failed := make(chan error, 3)
	var admin *adminServer
	if socket != "" {
		// Only now: whoever has the history open may take the place of a
		// socket beside it.
		l, err := listenAdmin(socket)
		if err != nil {
			return errors.Join(err, within(farewell, h.Close), config.Log.Close())
		}
		admin = serveAdmin(l, history, logger, failed)
		logger.Info("listening", "for", "history commands", "socket", socket)
	}
	var handler http.Handler = h
	if v.protect != nil {
		handler = v.protect(h)
	}
	main := newServer(handler, logger)
	main.ConnState = h.ConnState
	go serveOn(main, hub.Own(main, listener), v.tls, failed)
	logger.Info("listening", "for", "hub", "addr", listener.Addr().String(), "url", at.hub)
	servers := []*http.Server{main}
	if metricsListener != nil {
		operations := newServer(operations(h), logger)
		go serveOn(operations, metricsListener, nil, failed)
		logger.Info("listening", "for", "metrics", "addr", metricsListener.Addr().String(), "url", at.metrics)
		servers = append(servers, operations)
	}
	if err := v.ready(at); err != nil {
		logger.Warn("the ready line could not be written", "error", err)
	}

	err = untilSignal(signals, failed, func() { v.reloader.reload(running{h, config.Log, limits}, logger) })
	h.Drain()
	if err == nil {
		logger.Info("draining", "streams", h.Streams(), "at_most", v.drain)
	} else {
		v.drain = 0 // without a listener nobody can come or go
	}
	stopped := make(chan error, 1)
	go func() { stopped <- stop(h, servers, admin, config.Log, v.drain, logger) }()
	for {
		select {
		case stopErr := <-stopped:
			return errors.Join(err, stopErr)
		case s := <-signals:
			if s != syscall.SIGHUP {
				logger.Warn("stopping at once, as a second signal asked for")
				return exit(1)
			}
		}
	}
}

// stop ends a draining service in the order that lets every client come back.
// While open streams and publishes go on, readiness fails and new streams are
// turned away so that they return later. When no stream is left or the drain
// time is over, the rest end cleanly; the listener closes after that, the
// history last. What an operator's command was about to do is given up.
func stop(h *hub.Hub, servers []*http.Server, admin *adminServer, log store.Log, drain time.Duration, logger *slog.Logger) error {
	waitForStreams(h, drain)
	// A client that does not take its leave is no failure of ours, nor does it
	// take time from the answers that others wait for.
	if err := within(farewell, h.Close); err != nil {
		logger.Warn("not every stream ended cleanly", "error", err)
	}
	for _, s := range servers {
		if err := within(farewell, s.Shutdown); err != nil {
			logger.Warn("not every request was answered", "error", errors.Join(err, s.Close()))
		}
	}
	if admin != nil {
		if err := within(farewell, admin.stop); err != nil {
			logger.Warn("a command on the admin socket did not end", "error", errors.Join(err, admin.server.Close()))
		}
	}
	if err := log.Close(); err != nil {
		return fmt.Errorf("closing the history: %w", err)
	}
	return nil
}

// within gives something its time.
func within(limit time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return do(ctx)
}

// waitForStreams returns when no stream is left, or after at most that long.
func waitForStreams(h *hub.Hub, atMost time.Duration) {
	const look = 20 * time.Millisecond
	over := time.NewTimer(atMost)
	defer over.Stop()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for h.Streams() > 0 {
		select {
		case <-over.C:
			return
		case <-tick.C:
		}
	}
}

// untilSignal returns nil when asked to stop, or why a listener failed.
func untilSignal(signals <-chan os.Signal, failed <-chan error, reload func()) error {
	for {
		select {
		case err := <-failed:
			return err
		case s := <-signals:
			if s != syscall.SIGHUP {
				return nil
			}
			reload()
		}
	}
}

// hubURL is the hub's URL as seen from this machine.
func (v *service) hubURL(a net.Addr) string {
	path := spec.WellKnownPath
	if base, err := spec.ParseBase(v.config.ResourceIdentifier); err == nil {
		path = base.Path()
	}
	scheme := "http://"
	if v.tls != nil {
		scheme = "https://"
	}
	return scheme + reachable(a) + path
}
