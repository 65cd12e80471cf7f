package faults

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// An UpkeepReport is what an upkeep found.
type UpkeepReport struct {
	Settings Upkeep
	Tally
	Took        time.Duration
	Filled      time.Duration // what filling took
	Repeated    int           // publishes sent again after they were acknowledged
	Retried     int           // sent again because there was no answer
	Trimmed     time.Duration // from the new rules to a history as they say
	Before      stat          // of the history that was filled
	After       stat          // of the history that was trimmed
	Backups     []time.Duration
	Backup      backupTold // the last
	Compactions []time.Duration
	Compacted   compactionTold // the first
	Paused      time.Duration  // longest pause that a compaction told of
	Kills       []UpkeepKill
	Histories   []UpkeepHistory
	Digest      string // of the export, and of that of what was imported
	Memory      int64  // most heap that this program was seen to use
	First       []Fault

	phases map[string]*samples
}

// An UpkeepKill is a kill inside a command.
type UpkeepKill struct {
	Command  string
	InFlight int // publishes
}

// An UpkeepHistory is one history that was judged.
type UpkeepHistory struct {
	Name    string
	Updates int
	Checks  int // of something else
	Settled int // publishes without an answer that it holds
	Faults  map[Kind]int
}

// take notes what was found by a reading.
func (p *UpkeepReport) take(r *reading) {
	h := p.history(r.name)
	h.Updates, h.Checks, h.Settled = len(r.order), r.counted, r.settled
	for k, n := range r.counts {
		h.Faults[k] += n
	}
	p.first(r.name, r.faults)
}

// note notes faults that no reading found.
func (p *UpkeepReport) note(name string, faults []Fault) {
	h := p.history(name)
	for _, f := range faults {
		h.Faults[f.Kind]++
	}
	p.first(name, faults)
}

func (p *UpkeepReport) history(name string) *UpkeepHistory {
	for i := range p.Histories {
		if p.Histories[i].Name == name {
			return &p.Histories[i]
		}
	}
	p.Histories = append(p.Histories, UpkeepHistory{Name: name, Faults: make(map[Kind]int)})
	return &p.Histories[len(p.Histories)-1]
}

func (p *UpkeepReport) first(name string, faults []Fault) {
	for _, f := range faults[:min(len(faults), keptFaults)] {
		p.First = append(p.First, Fault{f.Kind, name + ": " + f.Detail})
	}
}

// Names of what is judged: histories that have to have been read, and questions
// that have to have been asked of them.
var (
	upkeepHistories = []string{"filled", "compacted", "compacted, read", "compacted, anonymous",
		"restored", "restored, read", "restored, anonymous", "imported"}
	upkeepQuestions = []string{"compacted, cursors", "restored, cursors", "restored, epoch"}
)

// upkeepKills are the commands that a kill has to have fallen into.
var upkeepKills = []string{"compact", "backup"}

// Err joins what is wrong, and what was not put at risk.
func (p *UpkeepReport) Err() error {
	var all []error
	fail := func(when bool, format string, args ...any) {
		if when {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	for _, h := range p.Histories {
		for _, k := range upkeepKinds() {
			fail(h.Faults[k] > 0, "%s: %s: %d", h.Name, k, h.Faults[k])
		}
	}
	for _, name := range upkeepHistories {
		fail(p.history(name).Updates == 0, "%s: no update was read", name)
	}
	for _, name := range upkeepQuestions {
		fail(p.history(name).Checks == 0, "%s: nothing was asked", name)
	}
	for _, command := range upkeepKills {
		killed := false
		for _, k := range p.Kills {
			killed = killed || k.Command == command && k.InFlight > 0
		}
		fail(!killed, "the hub was not killed in a %s with publishes in flight", command)
	}
	for _, phase := range upkeepPhases {
		fail(p.phases[phase] == nil || len(p.phases[phase].times) == 0, "%s: no publish was measured", phase)
	}
	fail(p.Repeated == 0, "no publish was repeated")
	fail(p.After.Entries >= p.Before.Entries, "nothing was trimmed")
	return errors.Join(all...)
}

// upkeepPhases are those that are measured; the first is what others are held
// against.
var upkeepPhases = []string{"quiet", "trimming", "backup", "compaction"}

// WriteTable writes the report for people.
func (p *UpkeepReport) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "history\tupdates\tchecks")
	for _, k := range upkeepKinds() {
		fmt.Fprintf(t, "\t%s", k)
	}
	fmt.Fprintln(t)
	for _, h := range p.Histories {
		fmt.Fprintf(t, "%s\t%d\t%d", h.Name, h.Updates, h.Checks)
		for _, k := range upkeepKinds() {
			fmt.Fprintf(t, "\t%d", h.Faults[k])
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	fmt.Fprintln(t, "phase\tseconds\tpublishes\ta second\tp50 ms\tp99 ms\tmax ms\tp50\tp99\tmax to quiet")
	quiet := p.phases[upkeepPhases[0]]
	for _, name := range upkeepPhases {
		s := p.phases[name]
		if s == nil {
			continue
		}
		fmt.Fprintf(t, "%s\t%.1f\t%d\t%.0f", name, s.took.Seconds(), len(s.times), float64(len(s.times))/s.took.Seconds())
		for _, q := range []float64{0.5, 0.99, 1} {
			fmt.Fprintf(t, "\t%.2f", float64(s.quantile(q))/1e6)
		}
		for _, q := range []float64{0.5, 0.99, 1} {
			if base := quiet.quantile(q); base > 0 {
				fmt.Fprintf(t, "\t%.2f", float64(s.quantile(q))/float64(base))
			}
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(t, "%s\t"+format+"\n", append([]any{name}, args...)...)
	}
	row("took", "%v", p.Took.Round(time.Second))
	row("acknowledged", "%d publishes, %.1f MB", p.Acknowledged, float64(p.Bytes)/1e6)
	row("indeterminate", "%d, of which the history holds %d; with a key, sent again until answered: %d times; repeated after an answer: %d",
		p.Indeterminate, p.history("compacted").Settled, p.Retried, p.Repeated)
	row("filled", "%d updates, %.1f MB, in %v with --durability %s, %.0f a second; the file has %.1f MB", p.Before.Entries, float64(p.Before.Bytes)/1e6,
		p.Filled.Round(time.Second), p.Settings.FillAs, float64(p.Settings.Updates)/max(p.Filled.Seconds(), 1e-9), float64(p.Before.File)/1e6)
	row("trimmed", "to %d updates, %.1f MB, within %v of SIGHUP; the file has %.1f MB", p.After.Entries, float64(p.After.Bytes)/1e6, p.Trimmed.Round(time.Millisecond), float64(p.After.File)/1e6)
	row("backups", "%d, %s; the last of %.1f MB", len(p.Backups), between(p.Backups), float64(p.Backup.file)/1e6)
	row("compactions", "%d, %s; the first from %.1f to %.1f MB", len(p.Compactions), between(p.Compactions), float64(p.Compacted.before)/1e6, float64(p.Compacted.after)/1e6)
	row("pause", "at most %v, as compactions tell", p.Paused.Round(time.Microsecond))
	for _, k := range p.Kills {
		row("killed", "in a %s, with %d publishes in flight", k.Command, k.InFlight)
	}
	row("export", "SHA-256 %s, before and after an import, of all but positions and times", p.Digest)
	row("memory", "at most %.0f MB of heap in this program", float64(p.Memory)/1e6)
	for _, f := range p.First {
		row("fault", "%s: %s", f.Kind, f.Detail)
	}
	return t.Flush()
}

// between writes the shortest and the longest of several times.
func between(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	least, most := all[0], all[0]
	for _, d := range all {
		least, most = min(least, d), max(most, d)
	}
	return fmt.Sprintf("of %v to %v", least.Round(time.Millisecond), most.Round(time.Millisecond))
}
