package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// awaitRules waits until nothing of a history is left that its rules would
// remove.
func (r *upkeepRun) awaitRules(ctx context.Context, history string) error {
	for start := time.Now(); time.Since(start) < r.Limit; pause(ctx, statPause) {
		out, err := r.operator.run(ctx, "retention", history, "--json")
		if err != nil {
			return err
		}
		var shares []struct{ Goes int64 }
		if err := json.Unmarshal([]byte(out), &shares); err != nil {
			return fmt.Errorf("history retention: %w", err)
		}
		goes := int64(0)
		for _, s := range shares {
			goes += s.Goes
		}
		if goes == 0 && len(shares) == int(classes) {
			return nil
		}
	}
	return fmt.Errorf("%s is not trimmed after %v", history, r.Limit)
}

// judgeKept judges the history that was trimmed, compacted and killed: as an
// export, and as a subscriber is given it.
func (r *upkeepRun) judgeKept(ctx context.Context) error {
	r.at("judging the history that was compacted")
	if err := r.awaitRules(ctx, r.history); err != nil {
		return err
	}
	now := r.ledger.now()
	want := stock{name: "compacted", due: now, last: now, kept: r.ledger.kept}
	file, err := os.OpenFile(r.exportFile, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("keeping the export: %w", err)
	}
	defer file.Close()
	buffered := bufio.NewWriterSize(file, 1<<20)
	r.exported = r.ledger.read(want)
	if r.digest, err = r.judgeExport(ctx, r.exported, r.history, buffered); err != nil {
		return err
	}
	if err := errors.Join(buffered.Flush(), file.Close()); err != nil {
		return fmt.Errorf("keeping the export: %w", err)
	}
	if err := r.judgeStreams(ctx, r.hub, r.exported, want); err != nil {
		return err
	}
	if err := r.judgeCursors(ctx, "compacted, cursors", r.hub, r.exported); err != nil {
		return err
	}
	return r.stop(r.hub)
}

// judgeStreams reads a whole history as one subscriber who may read everything,
// and as one without a token.
func (r *upkeepRun) judgeStreams(ctx context.Context, h *Hub, exported *reading, want stock) error {
	name := want.name
	want.name = name + ", read"
	if err := r.judgeStream(ctx, h, r.credentials.subscriber(), exported.order, exported, want); err != nil {
		return err
	}
	want.name, want.public = name+", anonymous", true
	return r.judgeStream(ctx, h, "", exported.publicOrder(), exported, want)
}

// judgeStream reads a history up to where an export ended.
func (r *upkeepRun) judgeStream(ctx context.Context, h *Hub, token string, order []int32, exported *reading, want stock) error {
	ctx, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	all := r.ledger.read(want)
	body, answered, err := stream(ctx, h.URL(), token, asked{selector: "*", cursor: Earliest})
	if err != nil {
		return err
	}
	defer body.Close()
	if answered != Earliest {
		all.fault(CursorLost, "asked for everything, the hub goes on from %q", answered)
	}
	err = events(body, exported.lastID(order), func(e Event) { all.see(specimen{id: e.ID, data: e.Data}) })
	switch {
	case errors.Is(err, errMalformed):
		all.fault(Broken, "%v", err)
	case err != nil:
		return err
	}
	all.end()
	if !slices.Equal(all.order, order) {
		all.fault(Reordered, "a subscriber is given %d updates, and not in the order of the %d exported", len(all.order), len(order))
	}
	r.report.take(all)
	return nil
}

// judgeRestored starts a hub on the backup, elsewhere.
func (r *upkeepRun) judgeRestored(ctx context.Context) (err error) {
	r.at("judging the backup, restored elsewhere")
	restored := filepath.Join(r.Folder, "elsewhere", "hub.db")
	if err := os.Mkdir(filepath.Dir(restored), 0o700); err != nil {
		return fmt.Errorf("restoring the backup: %w", err)
	}
	if err := copyFile(restored, r.copy); err != nil {
		return fmt.Errorf("restoring the backup: %w", err)
	}
	h, err := r.serve(ctx, restored)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.stop(h)) }()
	if err := r.awaitRules(ctx, restored); err != nil {
		return err
	}
	want := stock{name: "restored", due: r.begun, last: r.ended, through: r.report.Backup.through, kept: r.ledger.kept}
	all := r.ledger.read(want)
	if _, err := r.judgeExport(ctx, all, restored, io.Discard); err != nil {
		return err
	}
	if all.highest > r.report.Backup.through {
		r.report.note(all.name, []Fault{newFault(Invented, "position %d, behind %d where the backup ended", all.highest, r.report.Backup.through)})
	}
	if err := r.judgeStreams(ctx, h, all, want); err != nil {
		return err
	}
	if err := r.judgeCursors(ctx, "restored, cursors", h, all); err != nil {
		return err
	}
	return r.judgeEpoch(ctx, h)
}

// judgeImported imports the export into an empty history, which has to export
// the same.
func (r *upkeepRun) judgeImported(ctx context.Context) error {
	r.at("importing the export")
	ctx, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	imported := filepath.Join(r.Folder, "imported.db")
	if _, err := r.operator.run(ctx, "import", imported, r.exportFile); err != nil {
		return err
	}
	now := r.ledger.now()
	all := r.ledger.read(stock{name: "imported", due: now, last: now, kept: r.ledger.kept, moved: true})
	digest, err := r.judgeExport(ctx, all, imported, io.Discard)
	if err != nil {
		return err
	}
	if string(digest.Sum(nil)) != string(r.digest.Sum(nil)) {
		r.report.note(all.name, []Fault{newFault(Invented, "the digest of its %d updates is %x, and was %x of the %d exported",
			digest.updates, digest.Sum(nil), r.digest.Sum(nil), r.digest.updates)})
	}
	r.report.Digest = fmt.Sprintf("%x", digest.Sum(nil))
	return nil
}

func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
