package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"strings"

	"cinnabar/spec"
)

// serve runs a hub until it is told to stop.
func (p *program) serve(args []string) error {
	s, err := p.checked(args)
	if err != nil {
		return err
	}
	logger := s.logger(p)
	config, err := s.hubConfig(logger)
	if err != nil {
		return usageError{err}
	}
	shown, err := s.keyPair()
	if err != nil {
		return err
	}
	s.logWarnings(logger)
	return p.run(service{
		addr:        s.addr,
		metricsAddr: s.metricsAddr,
		adminSocket: s.adminSocket,
		tls:         shown.config(),
		drain:       s.drain,
		store:       s.store,
		retention:   s.retention,
		config:      config,
		reloader: &reloader{
			read:        func() (*settings, error) { return p.checked(args) },
			logger:      logger,
			certificate: shown,
			inForce:     maps.Clone(s.from),
		},
		ready: func(at site) error {
			return json.NewEncoder(p.stdout).Encode(struct {
				Event   string `json:"event"`
				Hub     string `json:"hub"`
				Metrics string `json:"metrics,omitempty"`
				PID     int    `json:"pid"`
			}{"ready", at.hub, at.metrics, os.Getpid()})
		},
	})
}

// checked loads the settings and refuses those that serve could not run with;
// it opens nothing.
func (p *program) checked(args []string) (*settings, error) {
	s, err := p.load(args)
	if err != nil {
		return nil, err
	}
	_, socketErr := p.socketPath(s.adminSocket, s.store)
	if err := errors.Join(s.missing(), socketErr); err != nil {
		return nil, usageError{err}
	}
	if s.generations.Has(spec.Current) && s.trustedIssuer == "" && s.issuers == nil {
		s.warnings = append(s.warnings, fmt.Sprintf("no 1.0 token will be accepted: set %s and %s, or %s=0.x if that is meant",
			alternatives([]string{"trusted-issuers"}), alternatives([]string{"resource-identifier"}), variable("protocols")))
	}
	if !s.generations.Has(spec.Legacy) {
		for _, o := range settingOptions() {
			if strings.HasPrefix(o.name, "legacy-") && s.from[o.name].from != "default" {
				s.warnings = append(s.warnings, fmt.Sprintf("%s has no effect: this hub does not serve 0.x", s.from[o.name].from))
			}
		}
	}
	return s, nil
}

func (s *settings) logWarnings(logger *slog.Logger) {
	for _, w := range s.warnings {
		logger.Warn(w)
	}
}

func (s *settings) logger(p *program) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.logLevel}
	if s.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(p.stderr, options))
	}
	return slog.New(slog.NewTextHandler(p.stderr, options))
}
