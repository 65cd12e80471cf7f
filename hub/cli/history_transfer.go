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

// A transfer brings the updates of a file, an export of ours or a reference
// hub's history, into a history. It passes over the file three times, judging
// every entry the same each time: memory stays flat however large the file is.
type transfer struct {
	source   source
	rules    spec.Rules
	progress progress
	shared   bool // others append meanwhile: a hub runs on the history
}

// A source is a file that updates are in.
type source interface {
	Entries() iter.Seq2[reference.Entry, error]
	Close() error
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

// copy appends the accepted entries, total of them, but for those that are
// there already, and returns the position before the first.
func (t *transfer) copy(ctx context.Context, log appender, there, total int) (after store.Position, err error) {
	var batch []*spec.Update
	size, copied, passed := 0, there, 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		receipt, err := log.Append(ctx, store.Disk, batch...)
		if err != nil {
			return fmt.Errorf("importing stopped after %d of %d entries, go on with --resume: %w", copied, total, err)
		}
		if receipt.Reached < store.OS && !t.shared {
			return errors.New("this kind of history ends with the program that opened it: import into another")
		}
		if copied == there {
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
		if passed++; passed <= there {
			continue
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

// present returns how many of the accepted entries, from the first on and in
// order, the history has since a position. Others may be in between.
func (t *transfer) present(ctx context.Context, log Archive, after store.Position, total int) (n int, err error) {
	there := &reader{ctx: ctx, log: log, after: after}
	for u, err := range t.updates() {
		if err != nil {
			return n, err
		}
		for {
			e, err := there.next()
			if err == io.EOF {
				return n, nil
			}
			if err != nil {
				return n, err
			}
			if e.ID == u.ID() && bytes.Equal(e.Update.AppendBinary(nil), u.AppendBinary(nil)) {
				break
			}
		}
		n++
		t.progress.tell("found", n, total)
	}
	return n, nil
}

const differs = "the history is not what was imported: do not use it"

// compare reads the history from a position on, entry by entry beside the
// file: it has to hold the same ids with the same fields in the same order,
// total of them, and nothing more unless others append to it. The digest is
// that of the fields.
func (t *transfer) compare(ctx context.Context, log Archive, after store.Position, total int) (digest []byte, err error) {
	there := &reader{ctx: ctx, log: log, after: after}
	hash := sha256.New()
	compared := 0
	var want, got []byte // one field after the other, in the form histories keep
	for u, err := range t.updates() {
		if err != nil {
			return nil, err
		}
		want = u.AppendBinary(want[:0])
		for {
			e, err := there.next()
			if err == io.EOF {
				return nil, fmt.Errorf("%s: it ends before %s, after %d of %d entries%s", differs, u.ID(), compared, total, there.lost())
			}
			if err != nil {
				return nil, err
			}
			got = e.Update.AppendBinary(got[:0])
			if e.ID == u.ID() && bytes.Equal(want, got) {
				break
			}
			if !t.shared {
				return nil, fmt.Errorf("%s: position %d holds %s, which is not %s as it was in the file", differs, e.Position, e.ID, u.ID())
			}
		}
		hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(got))))
		hash.Write(got)
		compared++
		t.progress.tell("read back", compared, total)
	}
	switch e, err := there.next(); {
	case err == nil && !t.shared:
		return nil, fmt.Errorf("%s: %s at position %d is not from the file", differs, e.ID, e.Position)
	case err != nil && err != io.EOF:
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
	log     Archive
	after   store.Position
	entries []store.Entry
	trimmed store.Position // of what was read by retention, 0 for nothing
}

// lost says that retention may be the reason for what is missing.
func (r *reader) lost() string {
	if r.trimmed == 0 {
		return ""
	}
	return fmt.Sprintf("; retention removed updates up to position %d: raise --retention-bytes and its like, and import again", r.trimmed)
}

// An appender takes updates.
type appender interface {
	Append(ctx context.Context, want store.Durability, updates ...*spec.Update) (store.Receipt, error)
}

// next returns an entry, and io.EOF when there is none.
func (r *reader) next() (store.Entry, error) {
	for len(r.entries) == 0 {
		c, err := r.log.Read(r.ctx, r.after, batchSize)
		if err != nil {
			return store.Entry{}, fmt.Errorf("reading back: %w", err)
		}
		if c.Gone.Updates > r.after {
			r.trimmed = c.Gone.Updates
		}
		if len(c.Entries) == 0 && c.Through <= r.after {
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
const progressPause = time.Second

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
