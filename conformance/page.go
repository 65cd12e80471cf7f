package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// A page is the compliance page of a hub: what the catalogue asks of it, what
// of that has a case, and what became of it in runs of the suite.
type page struct {
	Catalogue Catalogue
	Runs      []*Report // a hub of both generations, of 0.x alone, of 1.0 alone
	covered   map[string]bool
}

//go:embed page.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"count": func(entries Catalogue) string {
		if len(entries) == 0 {
			return "–"
		}
		return strconv.Itoa(len(entries))
	},
	"minus": func(less, all int) int { return all - less },
	"cell":  func(s string) string { return strings.ReplaceAll(s, "|", `\|`) },
}).Parse(pageText))

// newPage makes the page of three runs, given in any order.
func newPage(catalogue Catalogue, all []Case, runs []*Report) (*page, error) {
	p := &page{Catalogue: catalogue, covered: make(map[string]bool)}
	for _, c := range all {
		p.covered[c.ID] = true
	}
	for _, protocols := range [][]string{{legacy, current}, {legacy}, {current}} {
		i := slices.IndexFunc(runs, func(r *Report) bool { return slices.Equal(slices.Sorted(slices.Values(r.Protocols)), protocols) })
		if i < 0 {
			return nil, fmt.Errorf("no report is of a hub that serves %s; give three: of both generations, of %s alone and of %s alone",
				strings.Join(protocols, " and "), legacy, current)
		}
		p.Runs = append(p.Runs, runs[i])
	}
	if len(runs) > len(p.Runs) {
		return nil, errors.New("two reports are of the same generations; give one of each configuration")
	}
	return p, nil
}

func (p *page) write(w io.Writer) error { return pageTemplate.Execute(w, p) }

// Last is the day of the last run.
func (p *page) Last() string {
	last := slices.MaxFunc(p.Runs, func(a, b *Report) int { return a.At.Compare(b.At) })
	return last.At.UTC().Format(time.DateOnly)
}

// Hub are the entries that bind hubs.
func (p *page) Hub() Catalogue { return p.Catalogue.of("hub") }

// Areas are those of them, in the order of the catalogue.
func (p *page) Areas() []string { return p.Hub().areas() }

// In returns what binds hubs in an area; in all for "".
func (p *page) In(area string) Catalogue {
	return p.Hub().only(func(e *Entry) bool { return area == "" || e.Area() == area })
}

// About is what an area is about.
func (p *page) About(area string) string { return abouts[area] }

var abouts = map[string]string{
	"TOPIC":  "topics",
	"SUB":    "subscribing",
	"LIMIT":  "limits",
	"CORS":   "pages of other origins",
	"SSE":    "event streams",
	"MATCH":  "matchers",
	"PUB":    "publishing",
	"AUTH":   "tokens and grants",
	"REPLAY": "history and cursors",
	"SUBS":   "active subscriptions",
	"DISC":   "discovery and metadata",
	"SEC":    "security",
	"ENC":    "encrypted updates",
	"PRIV":   "privacy",
}

// Covered are the entries that have a case.
func (p *page) Covered(entries Catalogue) Catalogue {
	return entries.only(func(e *Entry) bool { return p.covered[e.ID] })
}

// Party returns the entries that bind somebody, and Foreign those that have a
// case though they bind no hub.
func (p *page) Party(name string) Catalogue { return p.Catalogue.of(name) }

func (p *page) Foreign() Catalogue {
	return p.Covered(p.Catalogue.only(func(e *Entry) bool { return e.Party != "hub" }))
}

// Uncovered could have a case, and do not.
func (p *page) Uncovered() Catalogue {
	return p.Hub().only(func(e *Entry) bool { return !p.covered[e.ID] && e.observable() })
}

// Passed says of a run how many of the entries with a case that bind it
// passed, in every generation it serves.
func (p *page) Passed(run *Report, entries Catalogue) string {
	bound := p.Covered(entries).only(func(e *Entry) bool { return len(e.binds(run.Protocols)) > 0 })
	if len(bound) == 0 {
		return "–"
	}
	passed := bound.only(func(e *Entry) bool {
		return !slices.ContainsFunc(e.binds(run.Protocols), func(gen string) bool { return run.status(e.ID, gen) != Passed })
	})
	return fmt.Sprintf("%d of %d", len(passed), len(bound))
}

// A missed is a case that did not pass.
type missed struct {
	Configuration, Case, Generation, Level string
	Status                                 Status
}

// Missed are the cases of hubs' entries that did not pass.
func (p *page) Missed() (all []missed) {
	for _, run := range p.Runs {
		for _, e := range p.Covered(p.Hub()) {
			for _, gen := range e.binds(run.Protocols) {
				if s := run.status(e.ID, gen); s != Passed {
					all = append(all, missed{run.Configuration(), e.ID, gen, e.Level, s})
				}
			}
		}
	}
	return all
}

// Configuration names what the hub of a run served.
func (r *Report) Configuration() string {
	if len(r.Protocols) > 1 {
		return "both"
	}
	return r.Protocols[0] + " only"
}

// status returns what became of a case; "not run" if the report does not tell.
func (r *Report) status(id, gen string) Status {
	i := slices.IndexFunc(r.Results, func(one Result) bool { return one.Case == id && one.Generation == gen })
	if i < 0 {
		return "not run"
	}
	return r.Results[i].Status
}

// Of returns the entries of a level.
func (c Catalogue) Of(levels ...string) Catalogue {
	return c.only(func(e *Entry) bool { return slices.Contains(levels, e.Level) })
}

// Unseen are the entries of which no client sees whether they are kept.
func (c Catalogue) Unseen() Catalogue { return c.only(func(e *Entry) bool { return !e.observable() }) }

// Declined are the permissions that the hub of this repository makes no use of.
func (c Catalogue) Declined() Catalogue {
	return c.only(func(e *Entry) bool { return e.Declined != "" })
}

// Implied are the entries whose level is a reading of the drafts.
func (c Catalogue) Implied() Catalogue {
	return c.only(func(e *Entry) bool { return strings.Contains(e.Requirement, "(implied") })
}

// Against are the entries that go against the OpenAPI files of the drafts.
func (c Catalogue) Against() Catalogue {
	return c.only(func(e *Entry) bool {
		return strings.Contains(e.Requirement, "OpenAPI") && strings.Contains(e.Requirement, "overridden")
	})
}

func (c Catalogue) of(party string) Catalogue {
	return c.only(func(e *Entry) bool { return e.Party == party })
}

func (c Catalogue) only(keep func(*Entry) bool) Catalogue {
	return slices.DeleteFunc(slices.Clone(c), func(e *Entry) bool { return !keep(e) })
}

func (c Catalogue) areas() (all []string) {
	for _, e := range c {
		if !slices.Contains(all, e.Area()) {
			all = append(all, e.Area())
		}
	}
	return all
}

// WhyUnseen is the reason of an entry that is not observable.
func (e *Entry) WhyUnseen() string {
	_, why, _ := strings.Cut(e.Observable, ": ")
	return why
}

// readReports reads reports that were written as JSON.
func readReports(paths []string) (all []*Report, err error) {
	if len(paths) == 1 && paths[0] == "" {
		return nil, errors.New("name the reports of three runs: -reports both.json,old.json,new.json, each made with -strict -format json")
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading a report: %w", err)
		}
		r := new(Report)
		if err := json.Unmarshal(raw, r); err != nil {
			return nil, fmt.Errorf("%s is no report that -format json wrote: %w", path, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// writePage makes the page of the reports in some files, and puts it in another.
func writePage(path string, catalogue Catalogue, all []Case, reports []string) error {
	runs, err := readReports(reports)
	if err != nil {
		return err
	}
	p, err := newPage(catalogue, all, runs)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := p.write(&text); err != nil {
		return err
	}
	return os.WriteFile(path, text.Bytes(), 0o644)
}
