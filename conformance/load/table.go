package load

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// WriteTable writes the report for people: medians and ranges.
func (p *Report) WriteTable(out io.Writer) error {
	fmt.Fprintf(out, "%s, %d processors, %s; medians (and ranges) over the rounds\n", p.Machine.System, p.Machine.Processors, p.Machine.Processor)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	scenario := ""
	for _, f := range p.Figures {
		if f.Scenario != scenario {
			scenario = f.Scenario
			fmt.Fprintf(w, "\n%s\thub\tyardstick\tratio\tbudget\t\n", scenario)
		}
		fmt.Fprintf(w, "  %s\t%v %s\t%s\t%s\t%s\t%s\n", f.Name, f.Hub, f.Unit, f.yardstick(), f.ratio(), f.budget(), f.verdict())
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	fmt.Fprintln(out)
	for _, note := range p.Notes {
		fmt.Fprintln(out, "note:", note)
	}
	fmt.Fprintf(out, "%d events delivered, each checked; %v\n", p.Delivered, p.Took.Round(time.Second))
	return nil
}

func (f *Figure) yardstick() string {
	if len(f.Than) == 0 {
		return "–"
	}
	return fmt.Sprintf("%s %v", f.Yardstick, f.Than)
}

func (f *Figure) ratio() string {
	if len(f.Ratio) == 0 {
		return "–"
	}
	return f.Ratio.String() + "×"
}

func (f *Figure) budget() string {
	if f.Budget == nil {
		return "–"
	}
	return f.Budget.String()
}

func (f *Figure) verdict() string {
	switch {
	case f.Met == nil:
		return ""
	case *f.Met:
		return "met"
	}
	return "MISSED"
}
