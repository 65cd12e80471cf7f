package load

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// A Report is what a measurement found.
type Report struct {
	Machine   Machine       `json:"machine"`
	Took      time.Duration `json:"took_ns"`
	Delivered int64         `json:"delivered"` // events that were checked, one by one
	Faults    []string      `json:"faults"`    // of what was delivered: losses, repetitions, ...
	Figures   []*Figure     `json:"figures"`
	Notes     []string      `json:"notes"` // what one has to know about the figures
}

// A Machine is what figures were measured on.
type Machine struct {
	System     string `json:"system"`
	Processors int    `json:"processors"`
	Processor  string `json:"processor"`
}

// A Figure is one thing measured, round by round, beside what it is held
// against.
type Figure struct {
	Scenario  string  `json:"scenario"`
	Name      string  `json:"name"`
	Unit      string  `json:"unit"`
	Hub       Series  `json:"hub"`
	Yardstick string  `json:"yardstick,omitempty"`
	Than      Series  `json:"than,omitempty"`  // the yardstick's figure
	Ratio     Series  `json:"ratio,omitempty"` // of the two, round by round
	Budget    *Budget `json:"budget,omitempty"`
	Met       *bool   `json:"met,omitempty"`
}

// A Budget is what a median has to keep to.
type Budget struct {
	Limit   float64 `json:"limit"`
	AtLeast bool    `json:"at_least,omitempty"`
	OfRatio bool    `json:"of_ratio,omitempty"` // and not of the hub's figure
}

func (b *Budget) String() string {
	s := "≤ "
	if b.AtLeast {
		s = "≥ "
	}
	s += fmt.Sprint(b.Limit)
	if b.OfRatio {
		s += "×"
	}
	return s
}

func atMost(limit float64) *Budget       { return &Budget{Limit: limit} }
func atMostTimes(limit float64) *Budget  { return &Budget{Limit: limit, OfRatio: true} }
func atLeastTimes(limit float64) *Budget { return &Budget{Limit: limit, OfRatio: true, AtLeast: true} }

// figure returns the figure of that name, which is entered when it is first
// asked for.
func (r *run) figure(scenario, name, unit string) *Figure {
	for _, f := range r.report.Figures {
		if f.Scenario == scenario && f.Name == name {
			return f
		}
	}
	f := &Figure{Scenario: scenario, Name: name, Unit: unit}
	r.report.Figures = append(r.report.Figures, f)
	return f
}

// add enters what a turn measured of a target.
func (f *Figure) add(t *target, value float64) {
	if t.yardstick {
		f.Yardstick = t.name
		f.Than = append(f.Than, value)
		return
	}
	f.Hub = append(f.Hub, value)
}

// note keeps what one has to know about figures, once.
func (r *run) note(format string, args ...any) {
	r.report.Notes = append(r.report.Notes, fmt.Sprintf(format, args...))
}

// within sets the budget.
func (f *Figure) within(b *Budget) *Figure {
	f.Budget = b
	return f
}

// finish judges all figures, and drops those that nobody could measure.
func (p *Report) finish() {
	measured := p.Figures[:0]
	for _, f := range p.Figures {
		if len(f.Hub) == 0 {
			continue
		}
		measured = append(measured, f)
		if len(f.Than) > 0 {
			f.Ratio = f.Hub.Over(f.Than)
		}
		f.judge()
	}
	p.Figures = measured
}

func (f *Figure) judge() {
	if f.Budget == nil {
		return
	}
	judged := f.Hub
	if f.Budget.OfRatio {
		judged = f.Ratio
	}
	if len(judged) == 0 {
		return
	}
	met := judged.Median() <= f.Budget.Limit
	if f.Budget.AtLeast {
		met = judged.Median() >= f.Budget.Limit
	}
	f.Met = &met
}

// Err tells what was wrong with what was delivered; budgets that are missed
// are not errors.
func (p *Report) Err() error {
	var all []error
	for _, fault := range p.Faults {
		all = append(all, errors.New(fault))
	}
	return errors.Join(all...)
}

func thisMachine() Machine {
	m := Machine{System: runtime.GOOS + "/" + runtime.GOARCH, Processors: runtime.NumCPU()}
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m // other systems keep it elsewhere
	}
	for line := range strings.Lines(string(b)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			m.Processor = strings.TrimSpace(value)
			break
		}
	}
	return m
}
