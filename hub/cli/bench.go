package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"cinnabar/conformance/faults"
	"cinnabar/conformance/load"
	"cinnabar/spec"
)

// benching is what the bench command is told.
type benching struct {
	list      bool
	rounds    int
	turn      time.Duration
	patience  time.Duration
	streams   int
	history   int
	dir, json string
	protocol  spec.Generation
	yardstick string

	// Of a hub that runs already.
	url                         string
	pid                         int
	publisherKey, subscriberKey string
	issuer, resource            string
	anonymous                   bool
}

const benchNote = `Without a SCENARIO it runs all; --list says what they measure. Hub and
yardstick take turns in each round; printed are medians and ranges, the
yardstick's beside them, and the budget the figure has to keep to. It fails
when a stream missed an event, got one twice, out of order, damaged or meant
for another; a budget that is missed is no failure, for figures depend on the
machine: leave it alone meanwhile. It needs Linux.
Without --url it starts hubs of its own, with new histories in a temporary
folder, and passes them the flags of serve that follow "--". A hub given by
--url is published to: topics below https://bench.example/.`

func benchOptions() []option { return new(benching).options() }

func (b *benching) options() []option {
	return []option{
		{name: "list", about: "print the scenarios and what they measure", put: toggle(&b.list)},
		{name: "rounds", arg: "N", def: "5", about: "how often hub and yardstick take turns", put: count(&b.rounds, 1)},
		{name: "turn", arg: "DURATION", def: "2s", about: "how long each publishes in its turn", put: duration(&b.turn)},
		{name: "patience", arg: "DURATION", def: "20s", about: "give up on events that are to come after so long without any", put: duration(&b.patience)},
		{name: "streams", arg: "N", def: "10000", about: "open so many at a time, at most", put: count(&b.streams, 10)},
		{name: "history", arg: "N", def: "1000000", about: "updates in the history that replay reads", put: count(&b.history, 200)},
		{name: "dir", arg: "PATH", about: "where temporary histories go: a disk like production's [" + os.TempDir() + "]", put: text(&b.dir)},
		{name: "json", arg: "FILE", about: "write all figures there, too, round by round", put: text(&b.json)},
		{name: "protocol", arg: "WORD", def: "0.x", about: "generation to speak, 0.x or 1.0; matching of own hubs speaks both", put: choice(&b.protocol, spec.Legacy, spec.Current)},
		{name: "yardstick", arg: "WORD", about: "only be a yardstick, until ended: " + strings.Join(load.Yardsticks(), " or "), put: oneOf(&b.yardstick, load.Yardsticks()...)},

		{name: "url", arg: "URL", about: "a hub that runs already", put: hubURL(&b.url)},
		{name: "pid", arg: "N", about: "its process on this machine; without, neither CPU nor memory is known", put: count(&b.pid, 1)},
		{name: "publisher-jwt-key", arg: "KEY", secret: true, env: variable("publisher-jwt-key"), about: "the secret it verifies publishers' HS256 tokens with, or @FILE", put: material(&b.publisherKey)},
		{name: "subscriber-jwt-key", arg: "KEY", secret: true, env: variable("subscriber-jwt-key"), about: "likewise for subscribers", put: material(&b.subscriberKey)},
		{name: "trusted-issuers", arg: "URL", about: "the issuer it accepts 1.0 tokens of", put: text(&b.issuer)},
		{name: "resource-identifier", arg: "URL", about: "the audience of those tokens [the one of --url]", put: text(&b.resource)},
		{name: "anonymous", about: "it admits subscribers without a token", put: toggle(&b.anonymous)},
	}
}

// bench measures and prints a table.
func (p *program) bench(args []string) error {
	var b benching
	operands, err := p.parse(b.options(), args)
	if err != nil {
		return err
	}
	// Whoever stops reading the output ends the run, too, and hubs with it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	defer stop()
	switch {
	case b.list:
		return p.listScenarios()
	case b.yardstick != "":
		return load.ServeYardstick(ctx, b.yardstick, p.stdout)
	case runtime.GOOS != "linux":
		return fmt.Errorf("bench reads /proc and takes epoll, which %s does not have: run it on Linux", runtime.GOOS)
	}
	names, hubFlags := operands, []string(nil)
	if i := slices.IndexFunc(operands, func(s string) bool { return strings.HasPrefix(s, "-") }); i >= 0 {
		names, hubFlags = operands[:i], operands[i:]
	}
	m, err := b.measurement(names, hubFlags)
	if err != nil {
		return usageError{err}
	}
	if err := p.ownProcesses(&m); err != nil {
		return err
	}
	m.Progress = func(line string) { fmt.Fprintln(p.stderr, line) }
	fmt.Fprintf(p.stderr, "%s measures\n", commit())
	report, err := m.Run(ctx)
	if b.json != "" {
		err = errors.Join(err, writeJSON(b.json, report))
	}
	return errors.Join(err, report.WriteTable(p.stdout), report.Err())
}

// listScenarios prints what there is to measure.
func (p *program) listScenarios() error {
	for _, s := range load.Scenarios() {
		fmt.Fprintf(p.stdout, "%-9s %s\n", s.Name, s.About)
	}
	return nil
}

// measurement judges what was asked for.
func (b *benching) measurement(names, hubFlags []string) (m load.Measurement, err error) {
	scenarios, err := load.Named(names)
	if err != nil {
		known := scenarioNames()
		for _, name := range names {
			if !slices.Contains(known, name) {
				return m, unknown("scenario", name, known)
			}
		}
	}
	m = load.Measurement{
		Scenarios: scenarios, Rounds: b.rounds, Turn: b.turn, Patience: b.patience, Streams: b.streams, History: b.history, Dir: b.dir,
		Credentials: faults.Credentials{PublisherKey: b.publisherKey, SubscriberKey: b.subscriberKey, Issuer: b.issuer, Audience: b.resource},
		Anonymous:   b.anonymous,
		Flags:       hubFlags,
	}
	if b.url != "" && b.subscriberKey == "" {
		if slices.Contains(names, "private") {
			return m, errors.New("private updates need subscribers' tokens: set --subscriber-jwt-key")
		}
		m.Scenarios = slices.DeleteFunc(m.Scenarios, func(s load.Scenario) bool { return s.Name == "private" })
	}
	if b.protocol == spec.Current {
		m.Generation = faults.Current
	}
	switch {
	case b.turn <= 0:
		return m, errors.New("--turn: nothing can be measured in no time: give 2s, for example")
	case b.url == "" && b.pid != 0:
		return m, errors.New("--pid is of a hub that runs already: name it with --url")
	case b.url == "":
		return m, nil
	case len(hubFlags) > 0:
		return m, fmt.Errorf("%q is for hubs started here, and --url names one that runs already", hubFlags[0])
	case b.publisherKey == "":
		return m, errors.New("a token to publish with is needed: set --publisher-jwt-key")
	case b.subscriberKey == "" && !b.anonymous:
		return m, errors.New("subscribers need tokens: set --subscriber-jwt-key, or --anonymous if the hub admits those without")
	case b.protocol == spec.Current && b.issuer == "":
		return m, errors.New("1.0 tokens name their issuer: set --trusted-issuers")
	}
	if b.resource == "" {
		m.Credentials.Audience = b.url
	}
	at, err := url.Parse(b.url)
	m.Given = &load.Given{URL: at, PID: b.pid}
	return m, err
}

func scenarioNames() []string {
	var names []string
	for _, s := range load.Scenarios() {
		names = append(names, s.Name)
	}
	return names
}

// ownProcesses tells a measurement how to run this program as a yardstick,
// and as a hub where none is given.
func (p *program) ownProcesses(m *load.Measurement) error {
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	m.Yardstick = []string{binary, "bench", "--yardstick"}
	if m.Given != nil {
		return nil
	}
	m.Anonymous = true
	c := &m.Credentials
	c.Issuer, c.Audience = "https://bench.example/issuer", "https://bench.example"+spec.WellKnownPath
	c.PublisherKey, c.SubscriberKey = rand.Text()+rand.Text(), rand.Text()+rand.Text()
	m.Serve = faults.Program{
		Command: []string{binary, "serve", "--addr", "127.0.0.1:0", "--drain", "0s", "--log-level", "warn", "--anonymous",
			"--trusted-issuers", c.Issuer, "--resource-identifier", c.Audience},
		Env: append(p.environ.foreign(),
			variable("publisher-jwt-key")+"="+c.PublisherKey, variable("subscriber-jwt-key")+"="+c.SubscriberKey),
	}
	return nil
}

// writeJSON writes the report with every round, for programs.
func writeJSON(path string, report *load.Report) error {
	b, err := json.MarshalIndent(struct {
		Commit string `json:"commit"`
		*load.Report
	}{commit(), report}, "", "\t")
	if err != nil {
		return fmt.Errorf("encoding the figures: %w", err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	return nil
}
