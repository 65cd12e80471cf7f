package faults

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// killTries is how often a kill is tried that has to fall inside a command.
const killTries = 10

// killInOperations kills the hub inside a compaction and inside a backup, while
// publishers publish, and compacts the history once more.
func (r *upkeepRun) killInOperations(ctx context.Context) error {
	r.at("killing the hub in a compaction")
	if err := r.killIn(ctx, filepath.Dir(r.history), "compact"); err != nil {
		return err
	}
	r.at("killing the hub in a backup")
	second := filepath.Join(filepath.Dir(r.copy), "second.db")
	if err := r.killIn(ctx, filepath.Dir(second), "backup", "--force", second); err != nil {
		return err
	}
	// A backup is whole or not there.
	if _, err := os.Stat(second); !errors.Is(err, fs.ErrNotExist) {
		if _, err := r.stat(ctx, second); err != nil {
			return fmt.Errorf("after a kill the backup is there and does not open: %w", err)
		}
	}
	r.at("publishing on after the kills")
	pause(ctx, min(r.Phase, 2*time.Second))
	if err := r.pace.stop(); err != nil {
		return err
	}
	r.at("compacting the history once more")
	ctx, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	return r.takeCompaction(ctx)
}

// killIn kills the hub while it works at a command, which is after a new file is
// seen in the folder that the command writes to, and starts it again.
func (r *upkeepRun) killIn(ctx context.Context, folder, command string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	for range killTries {
		there, err := filesIn(folder)
		if err != nil {
			return err
		}
		cmd := r.command(ctx, command, r.history, args...)
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("history %s: %w", command, err)
		}
		ended := make(chan struct{})
		var end error // read after ended
		go func() {
			end = cmd.Wait()
			close(ended)
		}()
		await(ctx, r.Limit, func() bool {
			now, err := filesIn(folder)
			return err != nil || now > there || isClosed(ended)
		})
		pause(ctx, rand.N((r.ended-r.begun)/2+1))
		inFlight := 0
		await(ctx, r.Patience, func() bool {
			_, inFlight = r.ledger.count(orders)
			return inFlight > 0
		})
		inside := !isClosed(ended)
		if err := r.hub.Kill(); err != nil {
			return err
		}
		<-ended
		if err := r.hub.Start(ctx); err != nil {
			return fmt.Errorf("starting again after a kill: %w", err)
		}
		if now, err := filesIn(folder); err != nil || command == "compact" && now > there {
			return errors.Join(err, fmt.Errorf("%d files are in %s after a killed compaction, %d were there before", now, folder, there))
		}
		switch {
		case !inside && end != nil:
			return fmt.Errorf("history %s, before the hub was killed: %w", command, end)
		case inside && end != nil:
			r.report.Kills = append(r.report.Kills, UpkeepKill{command, inFlight})
			return nil
		}
	}
	return fmt.Errorf("history %s was faster than %d kills: nothing was put at risk", command, killTries)
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// filesIn returns how many files a folder has.
func filesIn(folder string) (int, error) {
	all, err := os.ReadDir(folder)
	if err != nil {
		return 0, fmt.Errorf("looking for what a command writes: %w", err)
	}
	return len(all), nil
}
