package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/reference"
)

// importing is what history import needs beside the settings.
type importing struct {
	bucket                string
	dryRun, again, resume bool
}

func (c *importing) options() []option {
	return []option{
		{name: "dry-run", about: "says what would be imported and what not, and writes nothing", put: toggle(&c.dryRun)},
		{name: "again", about: "imports even if the history has entries of this file already", put: toggle(&c.again)},
		{name: "resume", about: "goes on with an import that was interrupted, behind the last entry of the file that the history has", put: toggle(&c.resume)},
		{name: "bucket", arg: "NAME", def: reference.DefaultBucket, about: "bucket of the file that holds the updates", put: text(&c.bucket)},
	}
}

func importOptions() []option { return append(new(importing).options(), settingOptions()...) }

const importNote = `FILE is an export of "cinnabar history export", or the history of the reference
hub, which has to be stopped. The hub that imports may run: its subscribers get the
updates like any other. Ids and order are kept: a client goes on after the last one
it saw. Ages count from the import. What the settings would refuse to a publisher is
listed and left out; so are the reference hub's own events about subscriptions, which
ended with it.

` + settingsNote

// historyImport takes the updates of a file over into the history that serve has
// open, or would open: judged first, written then, and read back at the end.
func (p *program) historyImport(args []string) error {
	var c importing
	s, operands, err := p.loadWith(c.options(), args)
	if err != nil {
		return err
	}
	if len(operands) != 1 {
		return usageError{errors.New("history import takes one file: cinnabar history import FILE")}
	}
	if c.again && c.resume {
		return usageError{errors.New("--again imports everything and --resume what is missing: choose one")}
	}
	rules, err := s.rules()
	if err != nil {
		return usageError{err}
	}
	engine, _, err := p.engine(s.store)
	if err != nil {
		return err
	}
	from, err := openSource(operands[0], c.bucket)
	if err != nil {
		return err
	}
	defer from.Close()
	running, err := p.hubOf(s)
	if err != nil {
		return err
	}

	t := &transfer{source: from, rules: rules, progress: progress{w: p.stderr}, shared: running != nil}
	found, err := t.judge(func(e reference.Entry, why error) {
		fmt.Fprintf(p.stdout, "refused: sequence %d, id %q: %s\n", e.Sequence, e.ID, reason(why))
	})
	if err != nil {
		return err
	}
	if lines, ok := from.(*exportFile); ok && lines.open {
		fmt.Fprintf(p.stderr, "cinnabar: %s is an export that was interrupted after position %d: there may be more\n", operands[0], lines.last)
	}
	p.printCensus(found)
	switch {
	case c.dryRun:
		fmt.Fprintf(p.stdout, "to import  %d; nothing was written\n", found.accepted)
		return nil
	case found.accepted == 0:
		return errors.New("there is nothing to import")
	}
	ctx, stop := untilInterrupted()
	defer stop()
	var digest []byte
	var there int
	if running != nil {
		defer running.Close()
		digest, there, err = t.transfer(ctx, running, found, c, func() (appendable, error) { return running, nil })
	} else {
		digest, there, err = p.transfer(ctx, t, s, found, c)
	}
	if err != nil {
		return brokenOff(err, "go on with --resume")
	}
	if there > 0 {
		fmt.Fprintf(p.stdout, "there      %d: imported before\n", there)
	}
	fmt.Fprintf(p.stdout, "imported   %d\n", found.accepted-there)
	fmt.Fprintf(p.stdout, "verified   %d: read back in order, every field equal; SHA-256 %x\n", found.accepted, digest)
	if engine.Read == nil || running != nil {
		return nil // the hub's retention is at work already
	}
	return p.warnOfRetention(s.store, s.retention.Default(engine.DefaultBytes))
}

// openSource opens a file of either kind.
func openSource(path, bucket string) (source, error) {
	f, err := os.Open(path)
	if err == nil && isExport(f) {
		return &exportFile{file: f}, nil
	}
	if err == nil {
		f.Close()
	}
	return reference.Open(path, bucket) // which has words for what is wrong
}

// transfer imports into a history that no hub has open. It is compared after
// it was closed and opened again.
func (p *program) transfer(ctx context.Context, t *transfer, s *settings, found census, c importing) (digest []byte, there int, err error) {
	log, err := p.openWhole(s)
	if err != nil {
		return nil, 0, err
	}
	digest, there, err = t.transfer(ctx, log, found, c, func() (appendable, error) {
		if err := log.Close(); err != nil {
			return nil, err
		}
		if log, err = p.openWhole(s); err != nil {
			return nil, fmt.Errorf("reading back: %w", err)
		}
		return log, nil
	})
	if log.Log == nil {
		return nil, 0, err
	}
	return digest, there, errors.Join(err, log.Close())
}

// transfer writes the accepted entries that are not there yet, and compares
// all of them with what the history holds when it was opened again.
func (t *transfer) transfer(ctx context.Context, log appendable, found census, c importing, again func() (appendable, error)) (digest []byte, there int, err error) {
	var after store.Position
	switch {
	case c.resume:
		after, there, err = t.lookFor(ctx, log, found)
	case !c.again:
		err = found.refuseAgain(ctx, log)
	}
	if err != nil {
		return nil, 0, err
	}
	first, err := t.copy(ctx, log, there, found.accepted)
	if err != nil {
		return nil, 0, err
	}
	if there == 0 {
		after = first
	}
	// Entries of before, or of others, may be among those that were resumed.
	t.shared = t.shared || there > 0
	if log, err = again(); err != nil {
		return nil, 0, err
	}
	digest, err = t.compare(ctx, log, after, found.accepted)
	return digest, there, err
}

// lookFor returns how many entries of the file the history has, and the
// position before the first.
func (t *transfer) lookFor(ctx context.Context, log appendable, c census) (after store.Position, n int, err error) {
	place, err := log.Find(ctx, c.first)
	if err != nil {
		return 0, 0, fmt.Errorf("looking for %s: %w", c.first, err)
	}
	if place.After == 0 {
		return 0, 0, nil
	}
	after = place.After - 1
	n, err = t.present(ctx, log, after, c.accepted)
	return after, n, err
}

// refuseAgain looks for the ends of the file in the history.
func (c *census) refuseAgain(ctx context.Context, log Archive) error {
	for _, id := range []string{c.first, c.last} {
		place, err := log.Find(ctx, id)
		if err != nil {
			return fmt.Errorf("looking for %s: %w", id, err)
		}
		if place.Found == store.Known {
			return fmt.Errorf("the history has %s already: this file was imported before, wholly or in part: go on where that ended with --resume, or import everything --again", id)
		}
	}
	return nil
}

// warnOfRetention says when the hub will not keep all that was imported.
func (p *program) warnOfRetention(location string, keep store.Retention) error {
	there, err := p.read(location)
	if err != nil {
		return err
	}
	summary, err := there.Summary(context.Background())
	if err := errors.Join(err, there.Close()); err != nil {
		return err
	}
	if summary.Oldest != nil && keep.Exceeded(summary.Bytes, summary.Entries, summary.Oldest.At, time.Now()) {
		fmt.Fprintf(p.stderr, "cinnabar: the history has %d entries, %s bytes, which is more than serve keeps: unless --retention-bytes and its like are raised, it removes the oldest\n",
			summary.Entries, bytesOf(summary.Bytes))
	}
	return nil
}

func (p *program) printCensus(c census) {
	fmt.Fprintf(p.stdout, "entries    %d\n", c.entries)
	if n := c.entries - c.accepted; n > 0 {
		var parts []string
		for _, rule := range slices.Sorted(maps.Keys(c.refused)) {
			parts = append(parts, fmt.Sprintf("%s %d", rule, c.refused[rule]))
		}
		fmt.Fprintf(p.stdout, "refused    %d: %s\n", n, strings.Join(parts, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(c.foreign)) {
		fmt.Fprintf(p.stdout, "left out   %d: the field %q alone, which means nothing here\n", c.foreign[name], name)
	}
}

// reason is why an entry was refused, with the rule if there is one.
func reason(why error) string {
	var fault *spec.Fault
	if errors.As(why, &fault) {
		return fmt.Sprintf("%v (%s)", why, fault.Rule)
	}
	return why.Error()
}

// rules are what serve would judge publishers by.
func (s *settings) rules() (spec.Rules, error) {
	r := spec.Rules{Base: spec.UnnamedBase(), Generations: s.generations, MaxTopics: s.maxTopics}
	if s.resourceIdentifier == "" {
		return r, nil
	}
	var err error
	r.Base, err = spec.ParseBase(s.resourceIdentifier)
	return r, err
}
