// Upkeep does with a history what an operator does over the years, and judges
// what is left of it: it fills one, puts it under rules, backs it up and compacts
// it while 64 clients publish, kills the hub in the midst of both, restores the
// backup elsewhere, exports and imports. It prints what was found in each
// history, and what publishes took meanwhile. For example:
//
//	go build -o cinnabar . && go run ./conformance/faults/upkeep -cinnabar ./cinnabar -updates 200000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"cinnabar/conformance/faults"
)

func main() {
	u := faults.Upkeep{Progress: func(line string) { fmt.Println(line) }}
	flag.StringVar(&u.Binary, "cinnabar", "", "the hub's binary")
	folder := flag.String("folder", os.TempDir(), "where to make a folder for the histories; some 2 KB are needed for each update")
	flag.IntVar(&u.Updates, "updates", 2_000_000, "updates to fill the history with")
	flag.IntVar(&u.Keep, "keep", 0, "ticks that the rule keeps, and half as many news; 0: a hundredth of the updates")
	flag.IntVar(&u.Publishers, "publishers", 64, "clients that publish")
	flag.Float64Var(&u.Rate, "rate", 1000, "publishes a second, of all clients together, while anything is measured")
	flag.DurationVar(&u.Phase, "phase", 30*time.Second, "least length of a phase: quiet, three times, backup, compaction")
	flag.StringVar(&u.FillAs, "fill", "disk", "durability while the history is filled: disk, or os where that takes too long")
	flag.DurationVar(&u.Patience, "patience", time.Minute, "for what the hub does at once")
	flag.DurationVar(&u.Limit, "limit", 30*time.Minute, "for each thing that takes longer with a longer history")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, u, *folder); err != nil {
		fmt.Fprintln(os.Stderr, "upkeep:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, u faults.Upkeep, folder string) (err error) {
	if u.Binary == "" || u.Updates < 1000 || u.Publishers < 1 || u.Rate <= 0 {
		return errors.New("give -cinnabar, the hub's binary, at least 1000 -updates, a -publishers and a -rate above 0; see -help")
	}
	if u.Binary, err = filepath.Abs(u.Binary); err != nil {
		return err
	}
	if u.Keep == 0 {
		u.Keep = u.Updates / 100
	}
	if u.Folder, err = os.MkdirTemp(folder, "cinnabar-upkeep-"); err != nil {
		return fmt.Errorf("making a folder for the histories: %w", err)
	}
	defer func() {
		if err != nil {
			fmt.Fprintf(os.Stderr, "kept: the histories in %s\n", u.Folder)
			return
		}
		err = os.RemoveAll(u.Folder)
	}()
	report, err := u.Run(ctx)
	if err == nil {
		err = report.Err()
	}
	err = errors.Join(err, report.WriteTable(os.Stdout))
	if err == nil {
		fmt.Println("kept: nothing acknowledged that the rules keep was lost, repeated, reordered or given another id")
	}
	return err
}
