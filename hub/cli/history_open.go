package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"cinnabar/spec"
	"cinnabar/store"
)

// hubOf returns the hub that runs on the history of the settings, nil for none.
func (p *program) hubOf(s *settings) (*remote, error) {
	socket, err := p.socketPath(s.adminSocket, s.store)
	if err != nil && s.adminSocket == "" {
		return nil, nil // a hub would have refused to start with this path
	}
	if err != nil {
		return nil, usageError{err}
	}
	return dialHub(socket)
}

// archive returns the history of the settings for reading: that of the hub
// that runs on it, else what lies there.
func (p *program) archive(s *settings) (Stopped, error) {
	h, err := p.hubOf(s)
	if err != nil {
		return nil, err
	}
	if h != nil {
		return h, nil
	}
	return p.read(s.store)
}

// An appendable history takes an import.
type appendable interface {
	Archive
	Append(ctx context.Context, want store.Durability, updates ...*spec.Update) (store.Receipt, error)
	Close() error
}

// An opened history is one that this process has opened for writing.
type opened struct {
	store.Log
	archive Archive
	copier  Copier
}

func (o opened) Summary(ctx context.Context) (store.Summary, error) { return o.archive.Summary(ctx) }

// openWhole opens the history of the settings for writing and trims nothing:
// how much stays is for the hub to say. Rules stay, without limits, so that the
// file goes on telling apart how far each of them went.
func (p *program) openWhole(s *settings) (opened, error) {
	all := store.Retention{MaxBytes: -1, Keys: s.retention.Keys}
	for _, rule := range s.retention.Rules {
		all.Rules = append(all.Rules, store.Rule{Selector: rule.Selector})
	}
	history, err := p.open(s.store, all)
	return opened{history.Log, history.Archive, history.Copier}, err
}

// untilInterrupted is the context of a command that people may break off.
func untilInterrupted() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

// brokenOff words the end of a command that was interrupted.
func brokenOff(err error, how string) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted: %s", how)
	}
	return err
}
