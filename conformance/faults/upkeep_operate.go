package faults

import (
	"context"
	"fmt"
	"time"
)

// trim puts the rules in force while publishers publish.
func (r *upkeepRun) trim(ctx context.Context) error {
	r.at("trimming the history by its rules")
	r.pace = r.ledger.keep(ctx, r.Publishers, r.Rate, r.credentials.publisher(), r.target)
	return r.pace.measure("trimming", func() error {
		start := time.Now()
		if err := r.set("disk", true); err != nil {
			return err
		}
		if err := r.hub.Reload(); err != nil {
			return err
		}
		for {
			if time.Since(start) > r.Limit {
				return fmt.Errorf("the history is not trimmed after %v", r.Limit)
			}
			looked := time.Now()
			s, err := r.stat(ctx, r.history)
			if err != nil {
				return err
			}
			took := time.Since(looked)
			held, inFlight := r.ledger.count(orders)
			if most := held + inFlight + r.ledger.kept[ticks] + r.ledger.kept[news]; s.Entries <= int64(most) {
				r.report.Trimmed, r.report.After = time.Since(start), s
				return ctx.Err()
			}
			pause(ctx, max(statPause, 10*took)) // looking is not to be what is measured
		}
	})
}

// statPause is between two looks at a history that changes.
const statPause = 200 * time.Millisecond

// operate backs up and compacts the history, between quiet phases.
func (r *upkeepRun) operate(ctx context.Context) error {
	quiet := func() error {
		r.at("quiet, but for the publishers")
		return r.pace.measure("quiet", func() error {
			pause(ctx, r.Phase)
			return ctx.Err()
		})
	}
	if err := quiet(); err != nil {
		return err
	}
	r.at("backing up the history")
	if err := r.pace.measure("backup", func() error { return r.repeatedly(ctx, r.takeBackup) }); err != nil {
		return err
	}
	if err := r.awaitBehind(ctx); err != nil {
		return err
	}
	if err := quiet(); err != nil {
		return err
	}
	r.at("compacting the history")
	if err := r.pace.measure("compaction", func() error { return r.repeatedly(ctx, r.takeCompaction) }); err != nil {
		return err
	}
	return quiet()
}

// repeatedly does something until a phase is over, once at least.
func (r *upkeepRun) repeatedly(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	for start := time.Now(); ; {
		if err := do(ctx); err != nil {
			return err
		}
		if time.Since(start) >= r.Phase {
			return nil
		}
	}
}

func (r *upkeepRun) takeBackup(ctx context.Context) (err error) {
	r.begun = r.ledger.now()
	if r.report.Backup, err = r.backup(ctx, r.history, r.copy); err != nil {
		return err
	}
	r.ended = r.ledger.now()
	r.report.Backups = append(r.report.Backups, r.ended-r.begun)
	return nil
}

// awaitBehind waits for an order that the backup does not hold, with an id of the
// hub's.
func (r *upkeepRun) awaitBehind(ctx context.Context) error {
	found := await(ctx, r.Patience, func() (ok bool) {
		r.behind, _, ok = r.ledger.find(r.ended, func(n int, _ *line) bool {
			u := r.ledger.update(n)
			return u.class == orders && u.id == ""
		})
		return ok
	})
	if !found {
		return fmt.Errorf("no order was acknowledged after the backup: %w", errImpatient)
	}
	return nil
}

func (r *upkeepRun) takeCompaction(ctx context.Context) error {
	start := time.Now()
	c, err := r.compact(ctx, r.history)
	if err != nil {
		return err
	}
	r.report.Compactions = append(r.report.Compactions, time.Since(start))
	r.report.Paused = max(r.report.Paused, c.paused)
	if r.report.Compacted == (compactionTold{}) {
		r.report.Compacted = c
	}
	return nil
}
