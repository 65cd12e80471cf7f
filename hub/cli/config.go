package cli

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"cinnabar/hub"
	"cinnabar/store"
)

// configCheck judges the settings as serve would, without listening and
// without touching the history.
func (p *program) configCheck(args []string) error {
	s, err := p.checked(args)
	if err != nil {
		return err
	}
	if _, err := s.keyPair(); err != nil {
		return err
	}
	if err := p.rehearse(s); err != nil {
		return usageError{err}
	}
	fmt.Fprintln(p.stdout, "the settings are fine")
	fmt.Fprintf(p.stdout, "a running hub puts them in force on SIGHUP, but for these, which need a restart: %s\n", strings.Join(fixedSettings(), ", "))
	return nil
}

// rehearse makes the hub that serve would make, on a history of no
// consequence.
func (p *program) rehearse(s *settings) error {
	config, err := s.hubConfig(s.logger(p))
	if err != nil {
		return err
	}
	s.logWarnings(config.Logger)
	history, err := p.open("memory:", store.Retention{})
	if err != nil {
		return err
	}
	config.Log, config.Presence = history.Log, history.Presence
	h, err := hub.New(config)
	if err != nil {
		return errors.Join(err, config.Log.Close())
	}
	return stop(h, nil, nil, config.Log, 0, config.Logger)
}

// configPrint writes the settings as a file that serve could read, each with
// its origin, and secrets masked.
func (p *program) configPrint(args []string) error {
	s, err := p.load(args)
	if err != nil {
		return err
	}
	for _, o := range s.options()[1:] {
		s.from[o.name].print(p.stdout, &o)
	}
	return nil
}

func (g given) print(w io.Writer, o *option) {
	shown := make([]string, len(g.values))
	for i, v := range g.values {
		// The name of a file that holds a secret may be seen.
		if o.secret && !strings.HasPrefix(v, "@") {
			// Commented out: as a value the mask would be a key anybody knows.
			fmt.Fprintf(w, "# %s: (secret) # %s\n", key(o.name), g.from)
			return
		}
		shown[i] = fmt.Sprintf("%q", withoutPassword(v))
	}
	value := strings.Join(shown, ", ")
	if o.list || o.repeat {
		value = "[" + value + "]"
	}
	if g.values == nil {
		fmt.Fprintf(w, "# %s is not set\n", key(o.name))
		return
	}
	fmt.Fprintf(w, "%s: %s # %s\n", key(o.name), value, g.from)
}

func withoutPassword(value string) string {
	if u, err := url.Parse(value); err == nil && u.User != nil {
		return u.Redacted()
	}
	return value
}
