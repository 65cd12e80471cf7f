package cli

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/spec"
)

// A playground is what the dev command runs.
type playground struct {
	addr, store, adminSocket    string
	corsOrigins, publishOrigins []string
	heartbeat                   time.Duration
	logLevel                    slog.Level

	publisherSecret, subscriberSecret string
}

func devOptions() []option { return new(playground).options() }

func (d *playground) options() []option {
	return []option{
		{name: "addr", arg: "HOST:PORT", def: "127.0.0.1:3000", about: "where the hub listens", put: address(&d.addr)},
		{name: "store", arg: "URL", about: "the history: bolt:///PATH or memory: [bolt, in the user cache folder]", put: text(&d.store)},
		{name: "admin-socket", arg: "PATH", about: "Unix socket by which history commands reach the hub; - for none [the file of the history with .sock behind]", put: text(&d.adminSocket)},
		{name: "cors-origins", arg: "LIST", list: true, about: "origins of web pages that may read; * for any, without credentials", put: list(&d.corsOrigins)},
		{name: "publish-origins", arg: "LIST", list: true, about: "origins that may publish with a cookie, beside the hub's own", put: list(&d.publishOrigins)},
		{name: "heartbeat", arg: "DURATION", def: "20s", about: "a comment is sent after this much silence; 0: never", put: duration(&d.heartbeat)},
		{name: "log-level", arg: "WORD", def: "info", about: "debug, info, warn or error", put: logLevel(&d.logLevel)},
	}
}

// tokensLast is how long the printed tokens are valid.
const tokensLast = 24 * time.Hour

// dev runs a hub that trusts everybody on this machine and nobody else.
func (p *program) dev(args []string) error {
	d := playground{publisherSecret: rand.Text() + rand.Text(), subscriberSecret: rand.Text() + rand.Text()}
	operands, err := p.parse(d.options(), args)
	if err != nil {
		return err
	}
	if len(operands) > 0 {
		return usageError{fmt.Errorf("unexpected %q: dev takes flags only", operands[0])}
	}
	if d.store == "" {
		if d.store, err = cachedHistory(); err != nil {
			return err
		}
	}
	configured, _, err := net.SplitHostPort(d.addr)
	if err != nil {
		return usageError{fmt.Errorf("--addr: %w", err)}
	}
	// What there is to say at the start is said by the welcome.
	var level slog.LevelVar
	level.Set(slog.LevelError)
	return p.run(service{
		addr:        d.addr,
		store:       d.store,
		adminSocket: d.adminSocket,
		config: hub.Config{
			Anonymous:      true,
			Subscriptions:  true,
			CORSOrigins:    d.corsOrigins,
			PublishOrigins: d.publishOrigins,
			Heartbeat:      zeroIsNever(d.heartbeat),
			ShowReasons:    true,
			Logger:         slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: &level})),
		},
		configure: d.configure,
		protect:   func(h http.Handler) http.Handler { return onlyLocal(configured, h) },
		ready: func(at site) error {
			level.Set(d.logLevel)
			return d.welcome(p, at)
		},
	})
}

// cachedHistory keeps what was published from one run to the next.
func cachedHistory() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder for the history: %w: choose bolt:///PATH or memory: with --store", err)
	}
	path := filepath.ToSlash(filepath.Join(cache, "cinnabar", "dev.db"))
	return (&url.URL{Scheme: "bolt", Path: "/" + strings.TrimPrefix(path, "/")}).String(), nil
}

// configure makes the hub its own issuer and audience, so that both
// generations of tokens work.
func (d *playground) configure(c *hub.Config, at site) (err error) {
	c.ResourceIdentifier, c.Issuer = at.hub, at.hub
	if c.PublisherKey, err = auth.ParseKey(d.publisherSecret, ""); err != nil {
		return fmt.Errorf("making a publisher key: %w", err)
	}
	if c.SubscriberKey, err = auth.ParseKey(d.subscriberSecret, ""); err != nil {
		return fmt.Errorf("making a subscriber key: %w", err)
	}
	return nil
}

// welcome prints commands that run as they stand.
func (d *playground) welcome(p *program, at site) error {
	publisher, err := auth.ParseSigningKey(d.publisherSecret, "")
	if err != nil {
		return fmt.Errorf("making a publisher key: %w", err)
	}
	legacy, err := publisher.Sign(legacyClaims(auth.Publisher, []string{spec.Wildcard}, tokensLast))
	if err != nil {
		return err
	}
	current, err := publisher.Sign((&mint{role: auth.Publisher, issuer: at.hub, hub: at.hub, expires: tokensLast}).claims([]string{spec.Wildcard}))
	if err != nil {
		return err
	}
	anybody := "anybody on this machine"
	if at.public {
		anybody = "anybody who can reach this machine"
	}
	_, err = fmt.Fprintf(p.stdout, `Cinnabar listens on %[1]s
For development only: %[8]s may subscribe. Keys and tokens are made up for this run.

Subscribe, by protocol 0.x or 1.0:
  curl -N '%[1]s?topic=%[2]s'
  curl -N '%[1]s?match=%[2]s'

Publish, from another terminal:
  curl -d 'topic=%[2]s' -d 'data=Hello' -H 'Authorization: Bearer %[3]s' %[1]s

The same with a token of protocol 1.0:
  curl -d 'topic=%[2]s' -d 'data=Hello' -H 'Authorization: Bearer %[4]s' %[1]s

Publisher key:  %[5]s
Subscriber key: %[6]s
History:        %[7]s
`, at.hub, "https://example.com/books/1", legacy, current, d.publisherSecret, d.subscriberSecret, d.store, anybody)
	return err
}
