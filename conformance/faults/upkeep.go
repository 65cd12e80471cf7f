package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// An Upkeep is what an operator does with a history over the years, in an hour:
// it is filled, put under rules, backed up, compacted, killed in the midst of
// both, restored elsewhere, exported and imported, while publishers go on at a
// steady rate. Each history that comes of it is judged against what was
// acknowledged.
type Upkeep struct {
	Binary     string // of the hub: it has serve, and the commands of histories
	Folder     string // where histories lie; it is there, and empty
	Updates    int    // published before anything else happens
	Keep       int    // ticks that the rule keeps; of news half as many
	Publishers int
	Rate       float64       // publishes a second, all publishers together, whatever else goes on
	Phase      time.Duration // how long each phase lasts at least, but trimming
	Patience   time.Duration // for anything that the hub does at once
	Limit      time.Duration // for anything that takes longer with a longer history
	// FillAs is the durability while the history is filled. It is disk from
	// then on.
	FillAs string
	// Progress is told every few seconds how far it is. Calls do not overlap.
	Progress func(string)
}

// An upkeepRun is an Upkeep on its way.
type upkeepRun struct {
	Upkeep
	operator
	ledger      *ledger
	credentials Credentials
	history     string // file of the hub that is published to
	hub         *Hub
	output      *Tail
	pace        *pace
	report      UpkeepReport

	copy         string        // file of the backup
	begun, ended time.Duration // when the last backup was, which overwrote those before
	behind       string        // id of an order published after it

	exportFile string // export of the history at the end
	exported   *reading
	digest     *exportDigest

	mu    sync.Mutex
	stage string
}

// Run does it all. The error is about the run itself; the report holds what was
// found until then.
func (u Upkeep) Run(ctx context.Context) (UpkeepReport, error) {
	r := u.prepare()
	done, reported := make(chan struct{}), make(chan struct{})
	go func() { defer close(reported); r.tellProgress(done) }()
	err := r.run(ctx)
	close(done)
	<-reported
	r.finish()
	return r.report, err
}

func (u Upkeep) prepare() *upkeepRun {
	nonce := NewRecord().nonce
	p := plan{nonce: nonce}
	p.kept[ticks], p.kept[news] = u.Keep, max(1, u.Keep/2)
	r := &upkeepRun{
		Upkeep: u, operator: operator{binary: u.Binary, config: filepath.Join(u.Folder, "settings.yaml"), limit: u.Limit},
		ledger:      newLedger(p, u.Updates+u.Updates/8),
		credentials: Credentials{PublisherKey: "publishers' key of an upkeep, " + nonce, SubscriberKey: "subscribers' key of an upkeep, " + nonce},
		history:     filepath.Join(u.Folder, "hub.db"), output: new(Tail),
		copy:       filepath.Join(u.Folder, "backup", "copy.db"),
		exportFile: filepath.Join(u.Folder, "export.ndjson"),
	}
	r.report.Settings = u
	return r
}

// finish takes over what the ledger knows.
func (r *upkeepRun) finish() {
	r.report.Took, r.report.Tally = r.ledger.now(), r.ledger.total()
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	r.report.Repeated, r.report.Retried = r.ledger.repeated, r.ledger.retried
	r.report.note("answers", r.ledger.faults)
	if r.pace != nil {
		r.report.phases = r.pace.phases
	}
	r.weigh()
}

// weigh notes what memory this program takes.
func (r *upkeepRun) weigh() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r.report.Memory = max(r.report.Memory, int64(m.HeapAlloc))
}

func (r *upkeepRun) at(stage string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stage = fmt.Sprintf(stage, args...)
}

func (r *upkeepRun) tellProgress(done <-chan struct{}) {
	tellEvery(done, r.Progress, func() string {
		r.mu.Lock()
		stage := r.stage
		r.mu.Unlock()
		return fmt.Sprintf("%4.0fs %s: %s", r.ledger.now().Seconds(), stage, r.ledger.progress())
	})
}

func (r *upkeepRun) run(ctx context.Context) (err error) {
	if err := os.Mkdir(filepath.Dir(r.copy), 0o700); err != nil {
		return fmt.Errorf("making a folder for backups: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w\n%s", r.stage, err, strings.TrimSpace(r.output.String()))
		}
	}()
	defer func() { err = errors.Join(err, r.stopAll()) }()
	for _, step := range []func(context.Context) error{
		r.fill, r.judgeFilled, r.trim, r.operate, r.killInOperations, r.judgeKept, r.judgeRestored, r.judgeImported,
	} {
		err := step(ctx)
		r.weigh()
		if err != nil {
			return err
		}
	}
	return nil
}

// stopAll ends what still runs.
func (r *upkeepRun) stopAll() error {
	var publishing, serving error
	if r.pace != nil {
		publishing = r.pace.stop()
	}
	if r.hub != nil {
		serving = r.stop(r.hub)
	}
	return errors.Join(publishing, serving)
}

// stop ends a hub; one that is gone has been told of.
func (r *upkeepRun) stop(h *Hub) error {
	ctx, cancel := context.WithTimeout(context.Background(), r.Limit)
	defer cancel()
	if err := h.Stop(ctx); err != nil && !errors.Is(err, ErrGone) {
		return err
	}
	return nil
}

// set writes the settings that hubs start with, and read again when told to.
func (r *upkeepRun) set(durability string, rules bool) error {
	if err := os.WriteFile(r.config, []byte(r.ledger.settings(durability, rules)), 0o600); err != nil {
		return fmt.Errorf("writing the settings: %w", err)
	}
	return nil
}

// serve starts a hub on a history.
func (r *upkeepRun) serve(ctx context.Context, history string) (*Hub, error) {
	ctx, cancel := context.WithTimeout(ctx, r.Limit) // it looks at every page
	defer cancel()
	return Start(ctx, Program{
		Command: []string{r.Binary, "serve", "--config", r.config, "--store", storeOf(history), "--addr", "127.0.0.1:0", "--drain", "0s", "--anonymous", "--protocols", "0.x"},
		Env: append(environ(), "MERCURE_PUBLISHER_JWT_KEY="+r.credentials.PublisherKey,
			"MERCURE_SUBSCRIBER_JWT_KEY="+r.credentials.SubscriberKey),
		Output: r.output,
	})
}

// target is where publishers publish.
func (r *upkeepRun) target() string { return r.hub.URL() }

// fill publishes until the history is long.
func (r *upkeepRun) fill(ctx context.Context) (err error) {
	r.at("filling the history, --durability %s", r.FillAs)
	if err := r.set(r.FillAs, false); err != nil {
		return err
	}
	if r.hub, err = r.serve(ctx, r.history); err != nil {
		return err
	}
	start := time.Now()
	if err := r.ledger.fill(ctx, r.Publishers, r.Updates, r.credentials.publisher(), r.target); err != nil {
		return err
	}
	r.report.Filled = time.Since(start)
	if err := r.stop(r.hub); err != nil {
		return err
	}
	if err := r.set("disk", false); err != nil {
		return err
	}
	r.hub, err = r.serve(ctx, r.history)
	return err
}

// judgeFilled reads everything before any of it is trimmed. From here on the
// position of each update is known.
func (r *upkeepRun) judgeFilled(ctx context.Context) error {
	r.at("judging the history that was filled")
	now := r.ledger.now()
	all := r.ledger.read(stock{name: "filled", due: now, last: now})
	if _, err := r.judgeExport(ctx, all, r.history, io.Discard); err != nil {
		return err
	}
	s, err := r.stat(ctx, r.history)
	r.report.Before = s
	return err
}

// judgeExport judges an export while it is written. A copy of it goes to keep.
func (r *upkeepRun) judgeExport(ctx context.Context, all *reading, history string, keep io.Writer) (*exportDigest, error) {
	ctx, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	cmd := r.command(ctx, "export", history)
	var problem strings.Builder
	cmd.Stderr = &problem
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("history export: %w", err)
	}
	digest, err := all.export(io.TeeReader(out, keep))
	if err != nil {
		cancel() // the command may still want to write
	}
	if end := cmd.Wait(); err == nil && end != nil {
		err = fmt.Errorf("history export: %w: %s", end, lastOf(problem.String()))
	}
	if err != nil {
		return nil, err
	}
	all.end()
	r.report.take(all)
	return digest, nil
}
