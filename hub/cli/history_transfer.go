package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/reference"
)

// A transfer brings the entries of a reference hub's history into one of ours.
// It passes over the file three times, judging every entry the same each time:
// memory stays flat however large the file is.
type transfer struct {
	source   *reference.File
	rules    spec.Rules
	progress progress
}

// A census is what a file holds.
type census struct {
	entries, accepted int
	first, last       string         // ids of accepted entries
	refused           map[string]int // by rule
	foreign           map[string]int // entries by the names of fields that are unknown here
}

// The words a census has for entries that break no rule of publishing.
const (
	unreadable = "unreadable"
	tooLarge   = "too large"
)

// judge passes over the file and calls refused for every entry that will not
// be imported.
func (t *transfer) judge(refused func(reference.Entry, error)) (census, error) {
	c := census{refused: make(map[string]int), foreign: make(map[string]int)}
	for e, err := range t.source.Entries() {
		if err != nil {
			return c, err
		}
		c.entries++
		t.progress.tell("judged", c.entries, 0)
		u, err := t.update(e)
		if err != nil {
			c.refused[ruleOf(err)]++
			refused(e, err)
			continue
		}
		for _, name := range e.Foreign {
			c.foreign[name]++
		}
		if c.accepted == 0 {
			c.first = u.ID().String()
		}
		c.last = u.ID().String()
		c.accepted++
	}
	return c, nil
}

// update judges an entry as if a publisher had sent it.
func (t *transfer) update(e reference.Entry) (*spec.Update, error) {
	if e.Fault != nil {
		return nil, e.Fault
	}
	u, err := spec.NewUpdate(e.Fields, t.rules)
	if err != nil {
		return nil, err
	}
	if _, err := store.Size(u); err != nil {
		return nil, err
	}
	return u, nil
}

func ruleOf(err error) string {
	var fault *spec.Fault
	switch {
	case errors.As(err, &fault):
		return fault.Rule
	case errors.Is(err, store.ErrTooLarge):
		return tooLarge
	}
	return unreadable
}

// updates returns the accepted entries.
func (t *transfer) updates() iter.Seq2[*spec.Update, error] {
	return func(yield func(*spec.Update, error) bool) {
		for e, err := range t.source.Entries() {
			if err != nil {
				yield(nil, err)
				return
			}
			if u, err := t.update(e); err == nil && !yield(u, nil) {
				return
			}
		}
	}
}

// Bounds of one append. Each is flushed: a history that holds other entries
// must not be endangered by these.
const (
	batchEntries = 2048
	batchSize    = 4 << 20 // bytes of data
)

// copy appends the accepted entries, total of them, and returns the position
// before the first.
func (t *transfer) copy(ctx context.Context, log store.Log, total int) (after store.Position, err error) {
	var batch []*spec.Update
	size, copied := 0, 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		receipt, err := log.Append(ctx, store.Disk, batch...)
		if err != nil {
			return fmt.Errorf("importing stopped after %d of %d entries: %w", copied, total, err)
		}
		if receipt.Reached < store.OS {
			return errors.New("this kind of history ends with the program that opened it: import into another")
		}
		if copied == 0 {
			after = receipt.Entries[0].Position - 1
		}
		copied += len(batch)
		t.progress.tell("imported", copied, total)
		batch, size = nil, 0
		return nil
	}
	for u, err := range t.updates() {
		if err != nil {
			return after, err
		}
		if len(batch) == batchEntries || size > batchSize {
			if err := flush(); err != nil {
				return after, err
			}
		}
		batch, size = append(batch, u), size+len(u.Data())
	}
	return after, flush()
}

// compare reads the history from a position on, entry by entry beside the
// file: it has to hold the same ids with the same fields in the same order,
// total of them and nothing more. The digest is that of the fields.
func (t *transfer) compare(ctx context.Context, log store.Log, after store.Position, total int) (digest []byte, err error) {
	const differs = "the history is not what was imported: do not use it"
	there := &reader{ctx: ctx, log: log, after: after}
	hash := sha256.New()
	compared := 0
	var want, got []byte // one field after the other, in the form histories keep
	for u, err := range t.updates() {
		if err != nil {
			return nil, err
		}
		e, err := there.next()
		if err == io.EOF {
			return nil, fmt.Errorf("%s: it ends before %s, after %d of %d entries", differs, u.ID(), compared, total)
		}
		if err != nil {
			return nil, err
		}
		want, got = u.AppendBinary(want[:0]), e.Update.AppendBinary(got[:0])
		if e.ID != u.ID() || !bytes.Equal(want, got) {
			return nil, fmt.Errorf("%s: position %d holds %s, which is not %s as it was in the file", differs, e.Position, e.ID, u.ID())
		}
		hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(got))))
		hash.Write(got)
		compared++
		t.progress.tell("read back", compared, total)
	}
	switch e, err := there.next(); {
	case err == nil:
		return nil, fmt.Errorf("%s: %s at position %d is not from the file", differs, e.ID, e.Position)
	case err != io.EOF:
		return nil, err
	case compared != total:
		return nil, fmt.Errorf("%s: the file had %d entries to import and now has %d", differs, total, compared)
	}
	return hash.Sum(nil), nil
}

// A reader takes a history apart into its updates. Who was subscribed when is
// nothing to compare: it is neither imported nor exported.
type reader struct {
	ctx     context.Context
	log     store.Log
	after   store.Position
	entries []store.Entry
}

// next returns an entry, and io.EOF when there is none.
func (r *reader) next() (store.Entry, error) {
	for len(r.entries) == 0 {
		c, err := r.log.Read(r.ctx, r.after, batchSize)
		if err != nil {
			return store.Entry{}, fmt.Errorf("reading back: %w", err)
		}
		if len(c.Entries) == 0 {
			return store.Entry{}, io.EOF
		}
		r.after = c.Through
		r.entries = slices.DeleteFunc(c.Entries, func(e store.Entry) bool { return e.Update == nil })
	}
	e := r.entries[0]
	r.entries = r.entries[1:]
	return e, nil
}

// progressPause is how long people are left without news.
const progressPause = 2 * time.Second

// progress tells people what takes long how far it is.
type progress struct {
	w    io.Writer
	last time.Time // when something was said, or begun
}

// tell says how much of the total, 0 for unknown, was done, unless something
// was said just before.
func (g *progress) tell(done string, n, total int) {
	now := time.Now()
	switch {
	case g.last.IsZero():
		g.last = now
		return
	case now.Sub(g.last) < progressPause:
		return
	}
	g.last = now
	if total == 0 {
		fmt.Fprintf(g.w, "%s %d entries\n", done, n)
		return
	}
	fmt.Fprintf(g.w, "%s %d of %d entries (%d%%)\n", done, n, total, 100*n/total)
}
