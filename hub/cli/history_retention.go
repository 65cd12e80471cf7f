package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"cinnabar/store"
)

const retentionNote = `Reads the whole history, and changes nothing. What would go is judged by the
settings given here, at this moment; the newest update stays in any case. A running
hub goes by its own settings: give it others with SIGHUP.

` + settingsNote

// historyRetention shows, rule by rule, what a history holds and what the settings
// would remove of it.
func (p *program) historyRetention(args []string) error {
	var c describing
	s, operands, err := p.loadWith(c.options(), args)
	if err != nil {
		return err
	}
	if len(operands) > 0 {
		return usageError{fmt.Errorf("unexpected %q: --store names the history", operands[0])}
	}
	engine, _, err := p.engine(s.store)
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupted()
	defer stop()
	archive, err := p.archive(s)
	if err != nil {
		return err
	}
	updates, err := p.briefly(ctx, archive)
	if err := errors.Join(err, archive.Close()); err != nil {
		return brokenOff(err, "nothing was changed")
	}
	keep := s.retention.Default(engine.DefaultBytes)
	shares, err := store.Foresee(keep, time.Now(), func(visit func(time.Time, []string, int)) error {
		for i := range updates {
			visit(updates[i].at, updates[i].topics, updates[i].size)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if c.json {
		return json.NewEncoder(p.stdout).Encode(forecastsOf(shares))
	}
	return printShares(p.stdout, shares)
}

// A brief is what retention asks of an update.
type brief struct {
	at     time.Time
	topics []string
	size   int
}

// briefly reads all updates, to forget most of each.
func (p *program) briefly(ctx context.Context, from Archive) (all []brief, err error) {
	g := progress{w: p.stderr, last: time.Now()}
	summary, err := from.Summary(ctx)
	if err != nil {
		return nil, err
	}
	known := make(map[string][]string) // topics are few, entries many
	for after := store.Position(0); ; {
		c, err := from.Read(ctx, after, 1<<20)
		if err != nil {
			return nil, fmt.Errorf("reading the history: %w", err)
		}
		for i := range c.Entries {
			e := &c.Entries[i]
			if e.Update == nil {
				continue
			}
			record, err := store.NewRecord(e)
			if err != nil {
				return nil, fmt.Errorf("reading entry %d: %w", e.Position, err)
			}
			topics := e.Update.Topics()
			if len(topics) == 1 {
				if known[topics[0]] == nil {
					known[topics[0]] = topics
				}
				topics = known[topics[0]]
			}
			all = append(all, brief{e.At, topics, len(record)})
		}
		g.tell("read", len(all), int(max(summary.Entries, int64(len(all)))))
		if len(c.Entries) == 0 && c.Through <= after {
			return all, nil
		}
		after = c.Through
	}
}

// A forecast is a share as JSON. Its names are final.
type forecast struct {
	Rule      *string    `json:"rule"` // null: what no rule is about
	Entries   int64      `json:"entries"`
	Bytes     int64      `json:"bytes"`
	Oldest    *time.Time `json:"oldest"`
	Goes      int64      `json:"goes"`
	GoesBytes int64      `json:"goes_bytes"`
	GoesUpTo  *time.Time `json:"goes_up_to"`
}

func forecastsOf(shares []store.Share) []forecast {
	orNull := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		t = t.UTC()
		return &t
	}
	all := make([]forecast, len(shares))
	for i, s := range shares {
		all[i] = forecast{nil, s.Entries, s.Bytes, orNull(s.Oldest), s.Goes, s.GoesBytes, orNull(s.GoesUpTo)}
		if s.Rule != "" {
			all[i].Rule = &s.Rule
		}
	}
	return all
}

func printShares(w io.Writer, shares []store.Share) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "rule\tupdates\tbytes\toldest\twould go\tbytes\tup to")
	moment := func(at time.Time) string {
		if at.IsZero() {
			return "-"
		}
		return at.UTC().Format(time.RFC3339)
	}
	for i, s := range shares {
		rule := s.Rule
		if i == 0 {
			rule = "(no rule)"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%d\t%s\t%s\n", rule, s.Entries, bytesOf(s.Bytes), moment(s.Oldest), s.Goes, bytesOf(s.GoesBytes), moment(s.GoesUpTo))
	}
	return t.Flush()
}
