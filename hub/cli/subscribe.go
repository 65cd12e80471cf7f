package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"cinnabar/auth"
	"cinnabar/spec"
)

// following is what the subscribe command asks for.
type following struct {
	hubAccess
	generation  spec.Generation
	matchType   string
	lastEventID string
	since       time.Time
	json        bool
	count       int
}

func subscribeOptions() []option { return new(following).options() }

func (c *following) options() []option {
	return append(c.hubAccess.options(auth.Subscriber),
		option{name: "generation", arg: "WORD", def: "1.0", about: "protocol to speak: 1.0 or 0.x", put: choice(&c.generation, spec.Current, spec.Legacy)},
		option{name: "match-type", arg: "TYPE", def: "exact", about: "how 1.0 compares topics: exact, urlpattern or uritemplate", put: text(&c.matchType)},
		option{name: "last-event-id", arg: "ID", about: "begin after this update; earliest: with everything there is", put: text(&c.lastEventID)},
		option{name: "since", arg: "TIME", about: "begin with what was published then: 10m (ago), or 2027-06-30T12:00:00Z; an extension of this hub", put: moment(&c.since)},
		option{name: "json", about: "print one JSON object a line", put: toggle(&c.json)},
		option{name: "count", arg: "N", def: "0", about: "stop after N updates; 0: never", put: count(&c.count, 0)},
	)
}

// errEnough ends a stream because all updates wanted have come.
var errEnough = errors.New("enough updates")

const (
	defaultRetry = 3 * time.Second
	longestWait  = time.Minute
)

// subscribe prints updates until it has enough or is interrupted.
func (p *program) subscribe(args []string) error {
	var c following
	topics, err := p.parse(c.options(), args)
	if err != nil {
		return err
	}
	if len(topics) == 0 {
		return usageError{errors.New("subscribe takes at least one topic: cinnabar subscribe TOPIC")}
	}
	if c.lastEventID != "" && !c.since.IsZero() {
		return usageError{errors.New("--last-event-id and --since both say where to begin: choose one")}
	}
	if c.key != "" && (c.generation == spec.Current) != (c.issuer != "") {
		return usageError{errors.New("the token has to be of the subscription's generation: give --issuer for 1.0, or --generation 0.x without one")}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = p.follow(ctx, &c, topics)
	if errors.Is(err, errEnough) || ctx.Err() != nil {
		return nil
	}
	return err
}

// follow connects again and again. Only the first connection has to succeed:
// a hub that never answered is more likely a wrong URL than a cut.
func (p *program) follow(ctx context.Context, c *following, topics []string) error {
	stream := eventStream{lastEventID: c.lastEventID, retry: defaultRetry}
	printed, failures := 0, 0
	var done error // why printing ended
	show := func(e event) error {
		printed++
		if done = c.print(p.stdout, e); done == nil && printed == c.count {
			done = errEnough
		}
		return done
	}
	for first := true; ; first = false {
		body, err := c.connect(ctx, topics, stream.lastEventID, p.stderr)
		var no *refusal
		switch {
		case err == nil:
			failures = 0
			err = stream.read(body, show)
			body.Close()
			if done != nil || errors.Is(err, errEventTooLarge) {
				return err
			}
		case first || errors.As(err, &no) && no.final():
			return err
		default:
			failures++
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait := backOff(stream.retry, failures)
		fmt.Fprintf(p.stderr, "cinnabar: the stream ended (%v); resuming in %v\n", err, wait.Round(time.Millisecond))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// backOff is the reconnection time asked for, doubled with every failure in a
// row, and jittered so that many clients do not come back at once.
func backOff(retry time.Duration, failures int) time.Duration {
	wait := retry
	for range failures {
		wait = min(2*wait, max(longestWait, retry))
	}
	return wait + time.Duration(rand.Int64N(int64(wait)/4+1))
}

// connect opens one stream, after the cursor if there is one.
func (c *following) connect(ctx context.Context, topics []string, cursor string, status io.Writer) (io.ReadCloser, error) {
	u, err := url.Parse(c.url)
	if err != nil {
		return nil, fmt.Errorf("subscribing: %w", err)
	}
	query := u.Query()
	query[c.parameter()] = topics
	if !c.since.IsZero() && cursor == "" {
		query.Set(spec.ParamSince, c.since.UTC().Format(time.RFC3339Nano))
	}
	u.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("subscribing: %w", err)
	}
	r.Header.Set("Accept", "text/event-stream")
	if cursor != "" {
		r.Header.Set(spec.HeaderLastEventID, cursor)
	}
	if err := c.present(r, auth.Subscriber); err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, unreachable(err)
	}
	if mediaType, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";"); answer.StatusCode != http.StatusOK || mediaType != "text/event-stream" {
		defer answer.Body.Close()
		return nil, readRefusal(answer)
	}
	c.tellSince(answer.Header, cursor, status)
	if cursor != "" && cursor != spec.Earliest && c.resumedAt(answer.Header) == spec.Earliest {
		fmt.Fprintf(status, "cinnabar: updates after %s are no longer all there: the stream begins with the earliest kept\n", cursor)
	}
	return answer.Body, nil
}

// tellSince says when the stream does not begin where --since wants it.
func (c *following) tellSince(answer http.Header, cursor string, status io.Writer) {
	switch {
	case c.since.IsZero() || cursor != "":
	case answer.Get(headerSince) == "":
		fmt.Fprintln(status, "cinnabar: this hub does not know --since: the stream begins with what comes")
	case c.resumedAt(answer) == spec.Earliest:
		fmt.Fprintf(status, "cinnabar: updates since %s are no longer all there\n", c.since.Format(time.RFC3339))
	}
}

// headerSince is how a hub of ours says that it begins at a time.
const headerSince = "Cinnabar-Since"

// parameter returns the name that the topics are sent under.
func (c *following) parameter() string {
	switch {
	case c.generation == spec.Legacy:
		return spec.ParamTopic
	case c.matchType == "exact":
		return spec.ParamMatch
	}
	return spec.ParamMatch + "_" + c.matchType
}

func (c *following) resumedAt(h http.Header) string {
	if c.generation == spec.Legacy {
		return h.Get(spec.HeaderLastEventID)
	}
	return h.Get(spec.HeaderMercureLastEventID)
}

// print writes an event in one call, so that lines of it never mix.
func (c *following) print(w io.Writer, e event) error {
	if c.json {
		line, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encoding an update: %w", err)
		}
		return written(w.Write(append(line, '\n')))
	}
	heading := "--- " + e.ID
	if e.Type != "" {
		heading += " " + e.Type
	}
	return written(io.WriteString(w, heading+"\n"+e.Data+"\n\n"))
}

func written(_ int, err error) error {
	if err != nil {
		return fmt.Errorf("printing an update: %w", err)
	}
	return nil
}
