package cli

import (
	"errors"
	"log/slog"
	"slices"
	"strings"

	"cinnabar/hub"
	"cinnabar/store"
)

// A reloader reads the settings again on SIGHUP and puts them in force, but
// for those marked as fixed. With a fault in any of them everything stays as
// it is.
type reloader struct {
	read        func() (*settings, error)
	logger      *slog.Logger
	certificate *keyPair // nil where the hub was started without one
	inForce     layer    // what the hub runs with; fixed settings as at start
}

// A running hub is what a reload changes.
type running struct {
	hub    *hub.Hub
	log    store.Log
	limits *descriptors
}

// reload does what a SIGHUP asks for, and tells what came of it. A nil
// reloader belongs to a command that has no settings to read again.
func (r *reloader) reload(on running, logger *slog.Logger) {
	if r == nil {
		logger.Warn("SIGHUP ignored: this command has no settings to read again")
		return
	}
	changed, waiting, err := r.apply(on)
	if err != nil {
		logger.Error("the settings were not reloaded: those in force stay", "error", err)
		return
	}
	logger.Info("settings reloaded, keys read again", "changed", strings.Join(changed, " "))
	if waiting != nil {
		logger.Warn("these settings were changed and apply after a restart", "settings", strings.Join(waiting, " "))
	}
}

// apply returns the settings that are others from now on, and those that will
// be after a restart.
func (r *reloader) apply(on running) (changed, waiting []string, err error) {
	s, err := r.read()
	if err != nil {
		return nil, nil, err
	}
	config, err := s.hubConfig(r.logger)
	if err != nil {
		return nil, nil, err
	}
	renewed, err := r.renewal(s)
	if err != nil {
		return nil, nil, err
	}
	on.limits.limitStreams(&config, r.logger)
	if err := on.hub.Reload(config); err != nil {
		return nil, nil, err
	}
	// Nothing can fail from here on: it is all or nothing.
	on.log.Retain(s.retention)
	renewed()
	s.logWarnings(r.logger)
	for _, o := range s.options() {
		was, is := r.inForce[o.name], s.from[o.name]
		switch {
		case slices.Equal(was.values, is.values):
		case o.fixed || o.tls && r.certificate == nil:
			waiting = append(waiting, o.name)
			continue
		default:
			changed = append(changed, o.name)
		}
		r.inForce[o.name] = is
	}
	return changed, waiting, nil
}

// renewal reads the certificate, and returns what puts it in force.
func (r *reloader) renewal(s *settings) (func(), error) {
	if r.certificate == nil {
		return func() {}, nil
	}
	if s.tlsCert == "" {
		return nil, errors.New("the hub was started with a certificate: to serve without one, restart it")
	}
	pair, err := s.readKeyPair()
	if err != nil {
		return nil, err
	}
	return func() { r.certificate.current.Store(&pair) }, nil
}

// fixedSettings are the names of those that apply after a restart alone.
func fixedSettings() (names []string) {
	for _, o := range settingOptions()[1:] {
		if o.fixed {
			names = append(names, o.name)
		}
	}
	return names
}
