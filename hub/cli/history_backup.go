package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"cinnabar/store"
)

// backingUp is what history backup needs beside the settings.
type backingUp struct {
	force bool
}

func (c *backingUp) options() []option {
	return []option{{name: "force", about: "replaces FILE if it exists", put: toggle(&c.force)}}
}

func backupOptions() []option { return append(new(backingUp).options(), settingOptions()...) }

const backupNote = `The hub may run: it makes the copy itself, to a path on its own machine, and goes
on publishing; what is beyond the retention stays until the copy is made. FILE is
there when it is complete, flushed and read back. It holds the keys of all ids:
guard it like the history. To restore it, stop the hub and put FILE in the place of
its history; clients go on where they were, as far as the copy reaches.

` + settingsNote

// historyBackup copies the history that serve has open, or would open.
func (p *program) historyBackup(args []string) error {
	var c backingUp
	s, operands, err := p.loadWith(c.options(), args)
	if err != nil {
		return err
	}
	if len(operands) != 1 {
		return usageError{errors.New("history backup takes the file to make: cinnabar history backup FILE")}
	}
	path, err := filepath.Abs(operands[0]) // the hub runs in another folder
	if err != nil {
		return fmt.Errorf("finding %s: %w", operands[0], err)
	}
	if !c.force {
		if err := refuseExisting(path); err != nil {
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
	made, err := archive.Backup(ctx, path, c.force, p.tellCopied("backed up"))
	if errors.Is(err, fs.ErrExist) {
		return refuseExisting(path)
	}
	if err != nil {
		return brokenOff(err, "there is no "+operands[0])
	}
	fmt.Fprintf(p.stdout, "backed up  %d updates and %d subscription events, up to position %d\n", made.Updates, made.Presence, made.Newest)
	fmt.Fprintf(p.stdout, "file size  %s\n", bytesOf(made.File))
	fmt.Fprintf(p.stdout, "verified   %d: opened, every page sound, every entry read back; SHA-256 %x\n", made.Updates+made.Presence, made.Digest)
	return nil
}

// tellCopied tells people how far a copy is.
func (p *program) tellCopied(done string) func(store.Copied) {
	g := progress{w: p.stderr, last: time.Now()}
	return func(c store.Copied) { g.tell(done, int(c.Updates), int(max(c.Total, c.Updates))) }
}

// compactOptions are those of history compact, which has none of its own.
func compactOptions() []option { return settingOptions() }

const compactNote = `The hub may run, and goes on publishing. It copies its history beside the file,
which takes as much room as the result, and puts the copy in its place: publishes
wait a moment then, which is told. What is beyond the retention stays until it is
done.

` + settingsNote

// historyCompact gives back the space that a history's file does not need.
func (p *program) historyCompact(args []string) error {
	s, operands, err := p.loadWith(nil, args)
	if err != nil {
		return err
	}
	if len(operands) > 0 {
		return usageError{fmt.Errorf("unexpected %q: --store names the history", operands[0])}
	}
	ctx, stop := untilInterrupted()
	defer stop()
	done, err := p.compact(ctx, s)
	if err != nil {
		return brokenOff(err, "the history is as it was")
	}
	fmt.Fprintf(p.stdout, "compacted  %d updates and %d subscription events\n", done.Updates, done.Presence)
	fmt.Fprintf(p.stdout, "file size  %s, before %s\n", bytesOf(done.After), bytesOf(done.Before))
	fmt.Fprintf(p.stdout, "publishes  waited for %v\n", done.Paused.Round(time.Microsecond))
	return nil
}

func (p *program) compact(ctx context.Context, s *settings) (store.Compaction, error) {
	tell := p.tellCopied("compacted")
	h, err := p.hubOf(s)
	if err != nil {
		return store.Compaction{}, err
	}
	if h != nil {
		defer h.Close()
		return h.Compact(ctx, tell)
	}
	// Opening would make a history where there is none.
	there, err := p.read(s.store)
	if err != nil {
		return store.Compaction{}, err
	}
	if err := there.Close(); err != nil {
		return store.Compaction{}, fmt.Errorf("--store: %w", err)
	}
	log, err := p.openWhole(s)
	if err != nil {
		return store.Compaction{}, err
	}
	if log.copier == nil {
		return store.Compaction{}, errors.Join(errNoFile, log.Close())
	}
	done, err := log.copier.Compact(ctx, tell)
	return done, errors.Join(err, log.Close())
}
