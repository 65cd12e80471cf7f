package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
	"cinnabar/store/reference"
)

// importing is what history import needs beside the settings.
type importing struct {
	bucket        string
	dryRun, again bool
}

func (c *importing) options() []option {
	return []option{
		{name: "dry-run", about: "says what would be imported and what not, and writes nothing", put: toggle(&c.dryRun)},
		{name: "again", about: "imports even if the history has entries of this file already", put: toggle(&c.again)},
		{name: "bucket", arg: "NAME", def: reference.DefaultBucket, about: "bucket of the file that holds the updates", put: text(&c.bucket)},
	}
}

func importOptions() []option { return append(new(importing).options(), settingOptions()...) }

const importNote = `The hub that FILE belongs to has to be stopped, and so has the one that imports.
Ids are kept: a client goes on after the last one it saw. The file does not say
when its updates were published; their age counts from the import. What the
settings would refuse to a publisher is listed and left out; so are the old
hub's own events about subscriptions, which ended with it.

` + settingsNote

// historyImport takes the reference hub's history over into the one that serve
// would open: judged first, written then, and read back at the end.
func (p *program) historyImport(args []string) error {
	var c importing
	s, operands, err := p.loadWith(c.options(), args)
	if err != nil {
		return err
	}
	if len(operands) != 1 {
		return usageError{errors.New("history import takes one file: cinnabar history import FILE")}
	}
	rules, err := s.rules()
	if err != nil {
		return usageError{err}
	}
	engine, _, err := p.engine(s.store)
	if err != nil {
		return err
	}
	source, err := reference.Open(operands[0], c.bucket)
	if err != nil {
		return err
	}
	defer source.Close()

	t := &transfer{source: source, rules: rules, progress: progress{w: p.stderr}}
	found, err := t.judge(func(e reference.Entry, why error) {
		fmt.Fprintf(p.stdout, "refused: sequence %d, id %q: %s\n", e.Sequence, e.ID, reason(why))
	})
	if err != nil {
		return err
	}
	p.printCensus(found)
	switch {
	case c.dryRun:
		fmt.Fprintf(p.stdout, "to import  %d; nothing was written\n", found.accepted)
		return nil
	case found.accepted == 0:
		return errors.New("there is nothing to import")
	}
	digest, err := p.transfer(t, s, found, c.again)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "imported   %d\n", found.accepted)
	fmt.Fprintf(p.stdout, "verified   %d: read back in order, every field equal; SHA-256 %x\n", found.accepted, digest)
	if engine.Stat == nil {
		return nil
	}
	return p.warnOfRetention(s.store, s.retention.Default(engine.DefaultBytes))
}

// transfer writes the accepted entries and compares them with what the history
// holds after it was closed and opened again.
func (p *program) transfer(t *transfer, s *settings, found census, again bool) (digest []byte, err error) {
	ctx := context.Background()
	all := store.Retention{MaxBytes: -1, Keys: s.retention.Keys} // how much stays is for the hub to say
	history, err := p.open(s.store, all)
	if err != nil {
		return nil, err
	}
	log := history.Log
	var after store.Position
	if !again {
		err = found.refuseAgain(ctx, log)
	}
	if err == nil {
		after, err = t.copy(ctx, log, found.accepted)
	}
	if err := errors.Join(err, log.Close()); err != nil {
		return nil, err
	}
	if history, err = p.open(s.store, all); err != nil {
		return nil, fmt.Errorf("reading back: %w", err)
	}
	log = history.Log
	digest, err = t.compare(ctx, log, after, found.accepted)
	return digest, errors.Join(err, log.Close())
}

// refuseAgain looks for the ends of the file in the history.
func (c *census) refuseAgain(ctx context.Context, log store.Log) error {
	for _, id := range []string{c.first, c.last} {
		place, err := log.Find(ctx, id)
		if err != nil {
			return fmt.Errorf("looking for %s: %w", id, err)
		}
		if place.Found == store.Known {
			return fmt.Errorf("the history has %s already: this file was imported before, wholly or in part: name an empty history, or import everything --again", id)
		}
	}
	return nil
}

// warnOfRetention says when the hub will not keep all that was imported.
func (p *program) warnOfRetention(location string, keep store.Retention) error {
	summary, err := p.stat(location)
	if err != nil {
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
