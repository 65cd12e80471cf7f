package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	code, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
	}
	os.Exit(code)
}

// run is the program. Its code is 0 when everything judged passed, 1 when
// something failed, 2 when it could not judge.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int, err error) {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(stderr)
	config := flags.String("config", "", "YAML `file` describing the hub; see Target in target.go")
	hub := flags.String("hub", "", "`URL` of the hub")
	publisher := flags.String("publisher-key", "", "signing `key` of publishers: a secret, or a private key in PEM")
	subscriber := flags.String("subscriber-key", "", "signing `key` of subscribers")
	issuer := flags.String("issuer", "", "trusted `issuer` of 1.0 tokens")
	audience := flags.String("audience", "", "the hub's resource `identifier`; default its URL")
	anonymous := flags.Bool("anonymous", false, "the hub accepts subscribers without a token")
	corsOrigin := flags.String("cors-origin", "", "`origin` whose pages may read")
	publishOrigin := flags.String("publish-origin", "", "`origin` whose pages may publish with a cookie")
	protocols := flags.String("protocols", "", "generations served, comma-separated; default 0.x,1.0")
	restart := flags.String("restart", "", "`command` that restarts the hub on the same history")
	version := flags.String("http", "", "HTTP `version` to speak: 1.1 or 2")
	insecure := flags.Bool("insecure", false, "do not verify the hub's certificate")
	catalogue := flags.String("catalogue", "", "catalogue `file`; default spec/requirements.yaml")
	strict := flags.Bool("strict", false, "judge SHOULD and MAY too")
	list := flags.Bool("list", false, "list the cases, and the entries without one")
	page := flags.String("page", "", "write the compliance page to `file`, of the runs in -reports")
	reports := flags.String("reports", "", "with -page: three reports of -format json, comma-separated `files`")
	only := flags.String("run", "", "judge only these cases or areas, comma-separated `ids`")
	parallel := flags.Int("parallel", 8, "cases judged at once")
	format := flags.String("format", "table", "of the report: table, junit or json")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0, nil
		}
		return 2, nil // flag has said why
	}
	entries, err := readCatalogue(*catalogue)
	if err != nil {
		return 2, err
	}
	if *list {
		writeList(stdout, entries, cases())
		return 0, nil
	}
	if *page != "" {
		if err := writePage(*page, entries, cases(), strings.Split(*reports, ",")); err != nil {
			return 2, fmt.Errorf("writing the compliance page: %w", err)
		}
		return 0, nil
	}
	target, err := readTarget(*config)
	if err != nil {
		return 2, err
	}
	override := func(to *string, value string) {
		if value != "" {
			*to = value
		}
	}
	override(&target.Hub, *hub)
	override(&target.PublisherKey, *publisher)
	override(&target.SubscriberKey, *subscriber)
	override(&target.Issuer, *issuer)
	override(&target.Audience, *audience)
	override(&target.CORSOrigin, *corsOrigin)
	override(&target.PublishOrigin, *publishOrigin)
	override(&target.Restart, *restart)
	override(&target.HTTP, *version)
	target.Anonymous = target.Anonymous || *anonymous
	target.Insecure = target.Insecure || *insecure
	if *protocols != "" {
		target.Protocols = strings.Split(*protocols, ",")
	}
	if err := target.complete(); err != nil {
		return 2, err
	}
	var words []string
	if *only != "" {
		words = strings.Split(*only, ",")
	}
	chosen, err := selectCases(cases(), words)
	if err != nil {
		return 2, err
	}
	plan := Plan{Target: &target, Catalogue: entries, Cases: chosen, Strict: *strict || *only != "", Parallel: *parallel}
	if *format == "table" {
		fmt.Fprintln(stdout, target.given())
		n := 0
		plan.Progress = func(r Result) {
			if n++; n%50 == 0 {
				fmt.Fprintf(stderr, "%d judged\n", n)
			}
		}
	}
	results := plan.Run(ctx)
	switch *format {
	case "table":
		writeTable(stdout, results)
	case "junit":
		err = writeJUnit(stdout, results)
	case "json":
		err = writeJSON(stdout, &target, results)
	default:
		return 2, fmt.Errorf("format %q is none of table, junit, json", *format)
	}
	if err != nil {
		return 2, fmt.Errorf("writing the report: %w", err)
	}
	if slices.ContainsFunc(results, func(r Result) bool { return r.Status == Failed }) {
		return 1, nil
	}
	return 0, nil
}
