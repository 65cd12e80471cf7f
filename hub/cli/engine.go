package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"cinnabar/store"
)

// An Engine is a kind of history that the binary ships.
type Engine struct {
	// Scheme is what the --store URL begins with.
	Scheme string
	// Open opens the history at a URL. Its error is one line that says what to
	// do; it must not hold credentials of the URL.
	Open func(at *url.URL, keep store.Retention) (History, error)
	// Read opens the history at a URL for reading alone, while nobody has it
	// open, and changes nothing. It is nil where there is no history then.
	Read func(at *url.URL) (Stopped, error)
	// File returns the file that a URL names; nil for an engine without one.
	File func(at *url.URL) (string, error)
	// DefaultBytes is how much is retained unless configured otherwise.
	DefaultBytes int64
}

// A History is what an engine opens. Presence is nil for one that does not keep
// who is subscribed, Copier for one that has no file to copy.
type History struct {
	Log      store.Log
	Presence store.Presence
	Archive  Archive
	Copier   Copier
}

// An Archive is a history as its operator reads it.
type Archive interface {
	Bounds(context.Context) (store.Bounds, error)
	Read(ctx context.Context, after store.Position, limit int) (store.Chunk, error)
	Find(ctx context.Context, id string) (store.Place, error)
	Since(context.Context, time.Time) (store.Place, error)
	Summary(context.Context) (store.Summary, error)
}

// A Copier is a history that can be copied while it is in use. Backup copies it
// to another file, of which replace says that it may exist; Compact puts a copy
// without waste in the place of its own. Both verify what they wrote.
type Copier interface {
	Backup(ctx context.Context, path string, replace bool, tell func(store.Copied)) (store.Backup, error)
	Compact(ctx context.Context, tell func(store.Copied)) (store.Compaction, error)
}

// A Stopped history is one that nobody has open.
type Stopped interface {
	Archive
	Backup(ctx context.Context, path string, replace bool, tell func(store.Copied)) (store.Backup, error)
	Close() error
}

// open opens the history that --store names.
func (p *program) open(location string, keep store.Retention) (History, error) {
	e, at, err := p.engine(location)
	if err != nil {
		return History{}, err
	}
	opened, err := e.Open(at, keep)
	if errors.Is(err, fs.ErrPermission) {
		return History{}, fmt.Errorf("--store: %w: let this user write there, or name another place", err)
	}
	if err != nil {
		return History{}, fmt.Errorf("--store: %w", err)
	}
	return opened, nil
}

// read opens the history that --store names for reading alone.
func (p *program) read(location string) (Stopped, error) {
	e, at, err := p.engine(location)
	if err != nil {
		return nil, err
	}
	if e.Read == nil {
		return nil, fmt.Errorf("--store: nothing is left of a %s: history once its hub has stopped; to reach one that runs, name its --admin-socket", e.Scheme)
	}
	opened, err := e.Read(at)
	if err != nil {
		return nil, fmt.Errorf("--store: %w", err)
	}
	return opened, nil
}

// engine returns the engine of the history that --store names, and its URL.
func (p *program) engine(location string) (Engine, *url.URL, error) {
	at, err := url.Parse(location)
	if err != nil || at.Scheme == "" {
		// The URL is not repeated: it may hold a password.
		return Engine{}, nil, usageError{fmt.Errorf("--store is not a URL such as %s", p.storeForms())}
	}
	for _, e := range p.engines {
		if e.Scheme == at.Scheme {
			return e, at, nil
		}
	}
	return Engine{}, nil, usageError{fmt.Errorf("--store: there is no %q here, only %s", at.Scheme, p.storeForms())}
}

func (p *program) storeForms() string {
	forms := make([]string, len(p.engines))
	for i, e := range p.engines {
		forms[i] = e.Scheme + ":"
	}
	return strings.Join(forms, ", ")
}

// FilePath returns the file that the URL of an engine with a file names:
// bolt:///absolute/hub.db or bolt:relative/hub.db.
func FilePath(at *url.URL) (string, error) {
	path := at.Path
	if at.Opaque != "" {
		var err error
		if path, err = url.PathUnescape(at.Opaque); err != nil {
			return "", fmt.Errorf("reading the path: %w", err)
		}
	}
	switch {
	case at.Host != "":
		return "", fmt.Errorf("%q would be a host: write %s:///PATH with three slashes, or %s:PATH for a relative one", at.Host, at.Scheme, at.Scheme)
	case path == "" || strings.HasSuffix(path, "/"):
		return "", fmt.Errorf("it names no file: write %s:///PATH/hub.db", at.Scheme)
	case at.RawQuery != "" || at.Fragment != "":
		return "", errors.New("this engine has no options")
	}
	if drive := strings.TrimPrefix(path, "/"); filepath.VolumeName(filepath.FromSlash(drive)) != "" {
		path = drive // bolt:///C:/hub.db is how Windows paths look in URLs
	}
	return filepath.FromSlash(path), nil
}
