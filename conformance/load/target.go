package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cinnabar/conformance/faults"
)

// A target is a process that is measured: a hub, or a yardstick that takes
// the same requests.
type target struct {
	name    string
	url     *url.URL
	tls     *tls.Config
	pid     int         // 0: unknown
	process *faults.Hub // nil for a hub that somebody else runs
	token   string      // to publish with

	yardstick bool
}

// start runs a process until it is ready.
func (r *run) start(ctx context.Context, name string, p faults.Program) (*target, error) {
	const patience = 5 * time.Minute // a long history takes a while to check
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	said := new(faults.Tail)
	p.Output = said
	h, err := faults.Start(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("starting the %s: %w\n%s", name, err, strings.TrimSpace(said.String()))
	}
	at, err := url.Parse(h.URL())
	t := &target{name: name, url: at, pid: h.Site().PID, process: h}
	t.token = r.Credentials.MayPublish(r.Generation, "*")
	if err != nil {
		return nil, errors.Join(err, t.stop())
	}
	return t, nil
}

// stop ends a process that was started here.
func (t *target) stop() error {
	if t == nil || t.process == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := t.process.Stop(ctx); err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	return nil
}

// onDisk is a history that is new with each hub.
func (r *run) onDisk() string {
	r.histories++
	return "bolt://" + filepath.Join(r.dir, fmt.Sprintf("hub-%d.db", r.histories))
}

// inMemory is a history without a disk.
const inMemory = "memory:"

// hub starts a hub with a history, unless one is given.
func (r *run) hub(ctx context.Context, history string, flags ...string) (*target, error) {
	if r.Given != nil {
		return &target{name: "hub", url: r.Given.URL, pid: r.Given.PID, token: r.Credentials.MayPublish(r.Generation, "*")}, nil
	}
	p := r.Serve
	p.Command = slices.Concat(p.Command, []string{"--store", history}, flags, r.Flags)
	t, err := r.start(ctx, "hub", p)
	if err == nil && t.url.Scheme == "https" {
		t.tls = &tls.Config{InsecureSkipVerify: true} // the certificate was made for this run
	}
	return t, err
}

// secureHub starts a hub that speaks TLS.
func (r *run) secureHub(ctx context.Context) (*target, error) {
	certificate, err := writeCertificate(r.dir)
	if err != nil {
		return nil, err
	}
	return r.hub(ctx, r.onDisk(), "--tls-cert", certificate, "--tls-key", certificate)
}

// bare starts the bare handler.
func (r *run) bare(ctx context.Context) (*target, error) {
	t, err := r.start(ctx, "bare handler", faults.Program{Command: slices.Concat(r.Yardstick, []string{bareHandler})})
	if err == nil {
		t.yardstick = true
	}
	return t, err
}

// usage returns what the process has taken so far; ok is false where nobody
// can know.
func (t *target) usage() (u faults.Usage, ok bool, err error) {
	if t.pid == 0 {
		return u, false, nil
	}
	u, err = faults.UsageOf(t.pid)
	return u, err == nil, err
}

// spent returns the CPU time that the process takes while something is done.
func (t *target) spent(do func() error) (cpu time.Duration, ok bool, err error) {
	before, ok, err := t.usage()
	if err != nil {
		return 0, false, err
	}
	if err := do(); err != nil {
		return 0, false, err
	}
	after, _, err := t.usage()
	return after.CPU - before.CPU, ok && err == nil, err
}

// topics returns what a stream asks for that wants topics by equality.
func (r *run) topics(topic string) url.Values {
	if r.Generation == faults.Current {
		return url.Values{"match": {topic}}
	}
	return url.Values{"topic": {topic}}
}

// subscription asks for a topic whose updates are a series.
func (r *run) subscription(topic string, series uint32) Subscription {
	s := Subscription{Query: r.topics(topic), Series: series}
	if !r.Anonymous {
		s.Token = r.Credentials.MaySubscribe(r.Generation, topic)
	}
	return s
}

// open opens streams that all ask for the same.
func (r *run) open(ctx context.Context, t *target, n int, s Subscription) (*Streams, error) {
	return r.openEach(ctx, t, n, func(int) Subscription { return s })
}

func (r *run) openEach(ctx context.Context, t *target, n int, s func(i int) Subscription) (*Streams, error) {
	return Open(ctx, Opening{Hub: t.url, TLS: t.tls, N: n, Subscription: s})
}

// written returns how many bytes the process has caused to be written; 0
// where nobody can know.
func (t *target) written() (int64, error) {
	if t.pid == 0 {
		return 0, nil
	}
	return Written(t.pid)
}

// watch returns what the process takes while something is done.
func (t *target) watch(ctx context.Context, do func(context.Context) error) (w Watch, known bool, err error) {
	if t.pid == 0 {
		return w, false, do(ctx)
	}
	w, err = WatchWhile(ctx, t.pid, do)
	return w, err == nil, err
}
