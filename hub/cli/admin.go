package cli

import (
	"fmt"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// The admin socket is how commands reach the history of a hub that runs: HTTP
// on a Unix socket that its owner alone may open. Both ends are this binary,
// and whatever changes below needs another version in the path.
const (
	adminBounds  = "/v1/bounds"
	adminSummary = "/v1/summary"
	adminRead    = "/v1/read"
	adminFind    = "/v1/find"
	adminSince   = "/v1/since"
	adminAppend  = "/v1/append"
	adminBackup  = "/v1/backup"
	adminCompact = "/v1/compact"
)

// A wireEntry is an update of the history. Entries about subscriptions do not
// travel.
type wireEntry struct {
	Position store.Position `json:"position"`
	ID       string         `json:"id"`
	At       time.Time      `json:"at"`
	Update   []byte         `json:"update"` // in its binary form
}

func wireEntryOf(e *store.Entry) *wireEntry {
	if e == nil {
		return nil
	}
	return &wireEntry{e.Position, e.ID.String(), e.At, e.Update.AppendBinary(nil)}
}

func (w *wireEntry) entry() (*store.Entry, error) {
	if w == nil {
		return nil, nil
	}
	e := &store.Entry{Position: w.Position, At: w.At}
	var err error
	if e.Update, err = spec.ParseUpdate(w.Update); err != nil {
		return nil, fmt.Errorf("reading entry %d: %w", w.Position, err)
	}
	if e.ID, err = spec.ParseEventID(w.ID); err != nil {
		return nil, fmt.Errorf("reading the id of entry %d: %w", w.Position, err)
	}
	return e, nil
}

// A wireGone is how far retention has gone, by kind alone.
type wireGone struct {
	Updates       store.Position `json:"updates"`
	Subscriptions store.Position `json:"subscriptions"`
}

func wireGoneOf(g store.Gone) wireGone { return wireGone{g.Updates, g.Subscriptions} }

func (w wireGone) gone() store.Gone {
	return store.Gone{Updates: w.Updates, Subscriptions: w.Subscriptions}
}

// A wireChunk is a [store.Chunk].
type wireChunk struct {
	Updates []*wireEntry   `json:"updates"`
	Through store.Position `json:"through"`
	Gone    wireGone       `json:"gone"`
}

// A wirePlace is a [store.Place].
type wirePlace struct {
	After store.Position `json:"after"`
	Found store.Finding  `json:"found"`
	Gone  wireGone       `json:"gone"`
}

func wirePlaceOf(p store.Place) wirePlace { return wirePlace{p.After, p.Found, wireGoneOf(p.Gone)} }

func (w wirePlace) place() store.Place {
	return store.Place{After: w.After, Found: w.Found, Gone: w.Gone.gone()}
}

// A wireBounds is [store.Bounds].
type wireBounds struct {
	Oldest store.Position `json:"oldest"`
	Newest store.Position `json:"newest"`
	Gone   wireGone       `json:"gone"`
}

// A wireSummary is a [store.Summary]; its ends apart, it travels as it is.
type wireSummary struct {
	store.Summary
	Oldest, Newest *wireEntry
}

// A wireAppend is updates, in their binary form, to be appended as durably as
// the history can.
type wireAppend struct {
	Updates [][]byte `json:"updates"`
}

// A wireReceipt is a [store.Receipt].
type wireReceipt struct {
	Entries []*wireEntry     `json:"entries"`
	Reached store.Durability `json:"reached"`
}

// A wireBackup asks for a backup at an absolute path.
type wireBackup struct {
	Path    string `json:"path"`
	Replace bool   `json:"replace"`
}

// A wireNews is one line of the answer to something that takes time: how far it
// is, and at last how it ended.
type wireNews struct {
	Copied     *store.Copied     `json:"copied,omitempty"`
	Backup     *store.Backup     `json:"backup,omitempty"`
	Compaction *store.Compaction `json:"compaction,omitempty"`
	Error      string            `json:"error,omitempty"`
}
