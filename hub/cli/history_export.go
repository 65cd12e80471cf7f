package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// exporting is what history export needs beside the settings.
type exporting struct {
	after                    string
	since, until             time.Time
	topics, patterns, values []string // selectors: exact and templates, patterns, exact alone
	force, resume            bool
}

func (c *exporting) options() []option {
	return []option{
		{name: "after", arg: "POSITION|ID", about: "begins after this update", put: text(&c.after)},
		{name: "since", arg: "TIME", about: "begins with what was appended then: 10m (ago), or 2027-06-30T12:00:00Z", put: moment(&c.since)},
		{name: "until", arg: "TIME", about: "ends before what was appended then", put: moment(&c.until)},
		{name: "topic", arg: "SELECTOR", repeat: true, about: "only updates with this topic, or one that this URI template matches; repeat the flag for more", put: list(&c.topics)},
		{name: "match", arg: "TOPIC", repeat: true, about: "only updates with this topic, as it stands", put: list(&c.values)},
		{name: "match-urlpattern", arg: "PATTERN", repeat: true, about: "only updates with a topic that this URL pattern matches", put: list(&c.patterns)},
		{name: "resume", about: "goes on where FILE ends, and adds to it", put: toggle(&c.resume)},
		{name: "force", about: "replaces FILE if it exists", put: toggle(&c.force)},
	}
}

func exportOptions() []option { return append(new(exporting).options(), settingOptions()...) }

const exportNote = `Writes a line of JSON for each update, private ones included, in order, up to the
last one there was at the beginning, and a line that tells how it ended. To FILE, or
to standard output. The hub may run. After an interruption --resume goes on with
FILE; or --after with the position that the last line names: both outputs, one
behind the other, are what one would have been. "cinnabar history import" reads it.

` + settingsNote

// historyExport writes the updates of the history that serve has open, or
// would open.
func (p *program) historyExport(args []string) error {
	var c exporting
	s, operands, err := p.loadWith(c.options(), args)
	if err != nil {
		return err
	}
	if err := c.check(operands); err != nil {
		return usageError{err}
	}
	selectors, err := c.selectors(s)
	if err != nil {
		return usageError{err}
	}
	if len(operands) == 1 && !c.force && !c.resume {
		if err := refuseExisting(operands[0]); err != nil {
			return err
		}
	}
	ctx, stop := untilInterrupted()
	defer stop()
	archive, err := p.archive(s)
	if err != nil {
		return err
	}
	defer archive.Close()
	x := &export{archive: archive, selectors: selectors, until: c.until, progress: progress{w: p.stderr, last: time.Now()}}
	if x.after, err = c.begin(ctx, archive); err != nil {
		return err
	}
	if len(operands) == 0 {
		x.out = newLineWriter(p.stdout)
		if err = x.run(ctx); err == nil {
			x.warn(p.stderr)
		}
		return brokenOff(err, fmt.Sprintf("go on with --after %d", x.after))
	}
	err = p.exportTo(ctx, x, operands[0], c.resume)
	return brokenOff(err, "go on with --resume "+operands[0])
}

func (c *exporting) check(operands []string) error {
	switch {
	case len(operands) > 1:
		return errors.New("history export takes one file at most: cinnabar history export [FILE]")
	case c.resume && len(operands) == 0:
		return errors.New("--resume goes on with a file: name it, or go on with --after")
	case c.resume && (c.force || c.after != ""):
		return errors.New("--resume begins where the file ends: leave out --force and --after")
	}
	return nil
}

// selectors are those of which an update has to match one, none for all.
func (c *exporting) selectors(s *settings) (selectors []*spec.Selector, err error) {
	rules, err := s.rules()
	if err != nil {
		return nil, err
	}
	add := func(selector *spec.Selector, why error) {
		selectors, err = append(selectors, selector), errors.Join(err, why)
	}
	for _, t := range c.topics {
		add(spec.ParseTopicSelector(t))
	}
	for _, v := range c.values {
		add(spec.ParseMatcher(spec.MatchExact, v, rules.Base))
	}
	for _, p := range c.patterns {
		add(spec.ParseMatcher(spec.MatchPattern, p, rules.Base))
	}
	return selectors, err
}

// begin returns the position to begin after.
func (c *exporting) begin(ctx context.Context, archive Archive) (after store.Position, err error) {
	if !c.since.IsZero() {
		place, err := archive.Since(ctx, c.since)
		if err != nil {
			return 0, fmt.Errorf("finding where --since begins: %w", err)
		}
		after = place.After
	}
	if c.after == "" {
		return after, nil
	}
	if p, err := strconv.ParseUint(c.after, 10, 48); err == nil {
		return max(after, store.Position(p)), nil
	}
	place, err := archive.Find(ctx, c.after)
	if err != nil {
		return 0, fmt.Errorf("finding --after %s: %w", c.after, err)
	}
	if place.After == 0 {
		return 0, fmt.Errorf("--after: the history does not know %s: leave the flag out for everything there is", c.after)
	}
	return max(after, place.After), nil
}

// exportTo writes to a file, which it reads again at the end.
func (p *program) exportTo(ctx context.Context, x *export, path string, resume bool) (err error) {
	mode := os.O_CREATE | os.O_TRUNC
	if resume {
		mode = 0
	}
	file, err := os.OpenFile(path, os.O_RDWR|mode, 0o600) // private updates are in it
	if err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	f := &exportFile{file: file}
	defer func() { err = errors.Join(err, f.Close()) }()
	x.out = newLineWriter(file)
	if resume {
		if err := x.resume(f); err != nil {
			return err
		}
	}
	if err := x.run(ctx); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("flushing the export: %w", err)
	}
	n := 0
	for _, err := range f.Entries() {
		if err != nil {
			return err
		}
		n++
		x.progress.tell("read back", n, 0)
	}
	if f.open {
		return fmt.Errorf("%s does not end as it was written: see that the volume is healthy", path)
	}
	x.warn(p.stderr)
	fmt.Fprintf(p.stdout, "exported   %d updates, up to position %d\n", x.written, x.after)
	fmt.Fprintf(p.stdout, "verified   %d: the whole file read back\n", n)
	return nil
}

// resume makes an export go on with a file, behind its last whole line.
func (x *export) resume(f *exportFile) error {
	for _, err := range f.Entries() {
		if err != nil && !f.cut {
			return err
		}
	}
	if err := f.file.Truncate(f.whole); err != nil {
		return fmt.Errorf("going on with the export: %w", err)
	}
	if _, err := f.file.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("going on with the export: %w", err)
	}
	x.out.digest, x.out.updates = f.digest, f.count
	x.after = max(x.after, f.last)
	return nil
}

// An export is on its way.
type export struct {
	archive   Archive
	out       *lineWriter
	selectors []*spec.Selector
	until     time.Time
	after     store.Position // everything up to here was written, or passed over
	progress  progress

	written int
	trimmed store.Position // by retention while the export went on, as far as it may have missed it
}

// run writes what there is at this moment. Interrupted, it closes what it has
// written so that it can be gone on with.
func (x *export) run(ctx context.Context) error {
	b, err := x.archive.Bounds(ctx)
	if err != nil {
		return err
	}
	err = x.copy(ctx, b)
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	end := exportEnd{Through: x.after, Trimmed: x.trimmed, Complete: err == nil}
	return errors.Join(x.out.end(end), err)
}

func (x *export) copy(ctx context.Context, b store.Bounds) error {
	for x.after < b.Newest {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := x.archive.Read(ctx, x.after, batchSize)
		if err != nil {
			return fmt.Errorf("exporting: %w", err)
		}
		if gone := c.Gone.Updates; gone > b.Gone.Updates && gone > x.after {
			x.trimmed = min(gone, b.Newest)
		}
		for i := range c.Entries {
			e := &c.Entries[i]
			if e.Position > b.Newest || !x.until.IsZero() && !e.At.Before(x.until) {
				x.after = e.Position - 1
				return nil
			}
			if e.Update != nil && x.wants(e.Update) {
				if err := x.out.update(e); err != nil {
					return err
				}
				x.written++
				x.progress.tell("exported", x.written, 0)
			}
			x.after = e.Position
		}
		x.after = max(x.after, min(c.Through, b.Newest))
	}
	return nil
}

func (x *export) wants(u *spec.Update) bool {
	return x.selectors == nil || slices.ContainsFunc(x.selectors, func(s *spec.Selector) bool {
		return slices.ContainsFunc(u.Topics(), s.Match)
	})
}

// warn tells that retention was faster.
func (x *export) warn(w io.Writer) {
	if x.trimmed > 0 {
		fmt.Fprintf(w, "cinnabar: meanwhile retention removed updates up to position %d, perhaps before they were read\n", x.trimmed)
	}
}

// refuseExisting refuses to write in the place of a file.
func refuseExisting(path string) error {
	_, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%s exists: name another file, or replace it with --force", path)
}
