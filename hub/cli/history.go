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

// describing is what history stat needs beside the settings.
type describing struct {
	json bool
}

func (c *describing) options() []option {
	return []option{{name: "json", about: "prints JSON instead of a table", put: toggle(&c.json)}}
}

func statOptions() []option { return append(new(describing).options(), settingOptions()...) }

// historyStat describes the history that serve has open, or would open.
func (p *program) historyStat(args []string) error {
	var c describing
	s, operands, err := p.loadWith(c.options(), args)
	if err != nil {
		return err
	}
	if len(operands) > 0 {
		return usageError{fmt.Errorf("unexpected %q: --store names the history", operands[0])}
	}
	archive, err := p.archive(s)
	if err != nil {
		return err
	}
	summary, err := archive.Summary(context.Background())
	if err := errors.Join(err, archive.Close()); err != nil {
		return err
	}
	if c.json {
		return json.NewEncoder(p.stdout).Encode(descriptionOf(summary))
	}
	return printSummary(p.stdout, summary)
}

// loadWith reads the settings of serve for a command with flags of its own.
func (p *program) loadWith(own []option, args []string) (*settings, []string, error) {
	s := new(settings)
	operands, err := p.loadInto(s, own, args)
	if err != nil {
		return nil, nil, asUsage(err)
	}
	s.logWarnings(s.logger(p))
	return s, operands, nil
}

// A description is a summary as JSON. Its names are final.
type description struct {
	Entries int64          `json:"entries"`
	Bytes   int64          `json:"bytes"`
	File    int64          `json:"file_bytes"`
	Brought int64          `json:"brought_ids"`
	Oldest  *edge          `json:"oldest"`
	Newest  *edge          `json:"newest"`
	Epochs  int            `json:"epochs"`
	Trimmed store.Position `json:"trimmed"`
	// Presence counts what is retained of subscriptions that began and ended.
	Presence int64 `json:"subscription_events"`
}

// An edge is the first or the last entry.
type edge struct {
	Position store.Position `json:"position"`
	Time     time.Time      `json:"time"`
	ID       string         `json:"id"`
}

func descriptionOf(s store.Summary) description {
	return description{
		Entries: s.Entries, Bytes: s.Bytes, File: s.File, Brought: s.Brought,
		Oldest: edgeOf(s.Oldest), Newest: edgeOf(s.Newest),
		Epochs: s.Epochs, Trimmed: s.Trimmed, Presence: s.Presence,
	}
}

func edgeOf(e *store.Entry) *edge {
	if e == nil {
		return nil
	}
	return &edge{e.Position, e.At.UTC(), e.ID.String()}
}

func printSummary(w io.Writer, s store.Summary) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, values ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", values...) }
	row("entries", "%d", s.Entries)
	row("bytes of updates", "%s", bytesOf(s.Bytes))
	row("file size", "%s", bytesOf(s.File))
	row("brought ids", "%d", s.Brought)
	for _, end := range []struct {
		name  string
		entry *store.Entry
	}{{"oldest", s.Oldest}, {"newest", s.Newest}} {
		if e := end.entry; e != nil {
			row(end.name, "position %d, %s, %s", e.Position, e.At.UTC().Format(time.RFC3339), e.ID)
		} else {
			row(end.name, "none")
		}
	}
	if s.Presence > 0 {
		row("subscription events", "%d", s.Presence)
	}
	row("epochs", "%d", s.Epochs)
	if s.Trimmed > 0 {
		row("trimmed", "up to position %d", s.Trimmed)
	} else {
		row("trimmed", "nothing")
	}
	return t.Flush()
}

// bytesOf writes a number of bytes in full, and in the unit people think in.
func bytesOf(n int64) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= unit.size {
			return fmt.Sprintf("%d (%.1f %s)", n, float64(n)/float64(unit.size), unit.name)
		}
	}
	return fmt.Sprint(n)
}
