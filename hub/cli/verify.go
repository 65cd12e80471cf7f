package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"cinnabar/conformance/faults"
	"cinnabar/spec"
)

// verifying is what the verify command is told.
type verifying struct {
	lasting, patience time.Duration
	publishers        int
	without           []string
	dir               string
	json              bool

	// Of a hub that runs already.
	url, metrics, restart       string
	publisherKey, subscriberKey string
	issuer, resource            string
	anonymous                   bool
	generations                 spec.Generations
}

const verifyNote = `Without --url it starts a hub of its own, with a new history in a temporary
folder, and passes it the flags of serve that follow "--". It fails when
anything acknowledged is missing, or delivered twice, out of order or without
permission, and also when nothing was put at risk: no publish in flight at a
kill, no resume inside a commit, no subscriber that fell behind.
A hub given by --url has to hold 256 MiB of history. It is written to: topics
below https://verify.example/. What cannot be checked there is a failure
unless --without names it.`

func verifyOptions() []option { return new(verifying).options() }

func (v *verifying) options() []option {
	return []option{
		{name: "for", arg: "DURATION", def: "1m", about: "how long; the round begun by then is finished", put: duration(&v.lasting)},
		{name: "publishers", arg: "N", def: "16", about: "how many publish at the same time", put: count(&v.publishers, 2)},
		{name: "patience", arg: "DURATION", def: "1m", about: "how long the hub may take to start, heal or deliver", put: duration(&v.patience)},
		{name: "without", arg: "LIST", list: true, about: "leave out, of " + joined(faults.Checks()), put: list(&v.without)},
		{name: "dir", arg: "PATH", about: "where the temporary history goes: a disk like production's [" + os.TempDir() + "]", put: text(&v.dir)},
		{name: "json", about: "print the result as JSON", put: toggle(&v.json)},

		{name: "url", arg: "URL", about: "a hub that runs already", put: hubURL(&v.url)},
		{name: "metrics-url", arg: "URL", about: "its metrics page", put: text(&v.metrics)},
		{name: "restart-command", arg: "LINE", about: "kills it with SIGKILL and starts it again; run by sh", put: text(&v.restart)},
		{name: "publisher-jwt-key", arg: "KEY", secret: true, env: variable("publisher-jwt-key"), about: "the secret it verifies publishers' HS256 tokens with, or @FILE", put: material(&v.publisherKey)},
		{name: "subscriber-jwt-key", arg: "KEY", secret: true, env: variable("subscriber-jwt-key"), about: "likewise for subscribers", put: material(&v.subscriberKey)},
		{name: "trusted-issuers", arg: "URL", about: "the issuer it accepts 1.0 tokens of; none are made without", put: text(&v.issuer)},
		{name: "resource-identifier", arg: "URL", about: "the audience of those tokens [the one of --url]", put: text(&v.resource)},
		{name: "protocols", arg: "LIST", def: "0.x,1.0", list: true, about: "protocol generations it serves", put: generations(&v.generations)},
		{name: "anonymous", about: "it admits subscribers without a token", put: toggle(&v.anonymous)},
	}
}

// verify runs a verification and prints its report.
func (p *program) verify(args []string) error {
	var v verifying
	hubFlags, err := p.parse(v.options(), args)
	if err != nil {
		return err
	}
	if err := v.check(hubFlags); err != nil {
		return usageError{err}
	}
	// Whoever stops reading the output ends the run, too, and the hub with it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	defer stop()
	fmt.Fprintf(p.stderr, "%s verifies for %v\n", commit(), v.lasting)
	run := faults.Verification{
		Publishers: v.publishers, For: v.lasting, Patience: v.patience,
		Progress: func(line string) { fmt.Fprintln(p.stderr, line) },
	}
	for _, c := range v.without {
		run.Without = append(run.Without, faults.Check(c))
	}
	if v.url == "" {
		return p.verifyOwn(ctx, &v, run, hubFlags)
	}
	v.target(&run)
	return p.judged(ctx, &v, run)
}

// check refuses what does not go together.
func (v *verifying) check(hubFlags []string) error {
	for _, c := range v.without {
		if !slices.Contains(faults.Checks(), faults.Check(c)) {
			return fmt.Errorf("--without: %q is none of %s", c, joined(faults.Checks()))
		}
	}
	switch {
	case slices.Contains(v.without, string(faults.Old)) && slices.Contains(v.without, string(faults.New)):
		return errors.New("--without: one generation of the protocol has to be left")
	case v.url == "" && (v.metrics != "" || v.restart != ""):
		return errors.New("--metrics-url and --restart-command are about a hub that runs already: name it with --url")
	case v.url == "":
		return nil
	case len(hubFlags) > 0:
		return fmt.Errorf("%q is for a hub started here, and --url names one that runs already", hubFlags[0])
	case v.publisherKey == "" || v.subscriberKey == "":
		return errors.New("tokens for the hub are needed: set --publisher-jwt-key and --subscriber-jwt-key")
	case !v.generations.Has(spec.Legacy) && v.issuer == "":
		return errors.New("1.0 tokens name their issuer: set --trusted-issuers")
	}
	return nil
}

// target tells the verification about the hub that was given.
func (v *verifying) target(run *faults.Verification) {
	run.Levers = faults.GivenHub(v.url, v.metrics, v.restart)
	run.Credentials = faults.Credentials{PublisherKey: v.publisherKey, SubscriberKey: v.subscriberKey, Issuer: v.issuer, Audience: v.resource}
	if v.resource == "" {
		run.Credentials.Audience = v.url
	}
	if v.generations.Has(spec.Legacy) && !slices.Contains(v.without, string(faults.Old)) {
		run.Generations = append(run.Generations, faults.Legacy)
	}
	if v.generations.Has(spec.Current) && v.issuer != "" && !slices.Contains(v.without, string(faults.New)) {
		run.Generations = append(run.Generations, faults.Current)
	}
	run.Anonymous = v.anonymous && !slices.Contains(v.without, string(faults.Anonymous))
}

// verifyOwn verifies a hub of this binary on a history of its own, which is
// kept where something is wrong with it.
func (p *program) verifyOwn(ctx context.Context, v *verifying, run faults.Verification, hubFlags []string) (err error) {
	dir, err := os.MkdirTemp(v.dir, "cinnabar-verify-")
	if err == nil {
		dir, err = filepath.Abs(dir) // as the hub's --store wants it
	}
	if err != nil {
		return fmt.Errorf("making a folder for the history: %w", err)
	}
	output := new(faults.Tail)
	defer func() {
		if err == nil {
			err = os.RemoveAll(dir)
			return
		}
		log := filepath.Join(dir, "hub.log")
		err = errors.Join(err, os.WriteFile(log, []byte(output.String()), 0o600))
		fmt.Fprintf(p.stderr, "kept: the history and, in %s, what the hub said last\n", log)
	}()
	v.issuer, v.resource = "https://verify.example/issuer", "https://verify.example"+spec.WellKnownPath
	v.publisherKey, v.subscriberKey = rand.Text()+rand.Text(), rand.Text()+rand.Text()
	v.anonymous, v.generations = true, spec.Only(spec.Legacy)|spec.Only(spec.Current)
	v.target(&run)
	run.Alone = true

	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	history := filepath.Join(dir, "hub.db")
	command := []string{binary, "serve", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--store", "bolt://" + history,
		"--retention-bytes", "512MiB", "--drain", "0s", "--log-level", "warn", "--anonymous", "--subscriptions",
		"--trusted-issuers", v.issuer, "--resource-identifier", v.resource}
	environ := append(p.environ.foreign(),
		variable("publisher-jwt-key")+"="+v.publisherKey, variable("subscriber-jwt-key")+"="+v.subscriberKey)
	starting, cancel := context.WithTimeout(ctx, v.patience)
	defer cancel()
	h, err := faults.Start(starting, faults.Program{Command: append(command, hubFlags...), Env: environ, Output: output})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, strings.TrimSpace(output.String()))
	}
	run.Levers = h.Levers(history)
	if slices.ContainsFunc(hubFlags, func(f string) bool { return strings.HasPrefix(f, "--store") }) {
		run.Levers.FileLimit = nil // the history is elsewhere
	}
	err = p.judged(ctx, v, run)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), v.patience)
	defer cancel()
	return errors.Join(err, h.Stop(stopping))
}

// judged runs the verification, prints the report, and returns what is wrong.
func (p *program) judged(ctx context.Context, v *verifying, run faults.Verification) error {
	report, err := run.Run(ctx)
	if err == nil {
		err = report.Err()
	}
	if v.json {
		return errors.Join(err, json.NewEncoder(p.stdout).Encode(&report))
	}
	err = errors.Join(err, report.WriteTable(p.stdout))
	if err == nil {
		fmt.Fprintln(p.stdout, "verified: nothing acknowledged was lost, repeated, reordered or shown to the wrong reader")
	}
	return err
}

// foreign returns the variables that are no settings of a hub: those of
// whoever runs a verification are about another one.
func (e environment) foreign() []string {
	var pairs []string
	for name, value := range e {
		if !strings.HasPrefix(name, "MERCURE_") && name != envServerName {
			pairs = append(pairs, name+"="+value)
		}
	}
	return pairs
}

// commit names the source this binary was built from, as far as it knows.
func commit() string {
	name := "cinnabar"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				name += " " + s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				name += " (modified)"
			}
		}
	}
	return name
}

func joined[S ~string](words []S) string {
	var s []string
	for _, w := range words {
		s = append(s, string(w))
	}
	return strings.Join(s, ", ")
}
