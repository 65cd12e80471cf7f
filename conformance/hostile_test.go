package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	answerLimit   = time.Second     // for an answer to hostile input
	deliveryLimit = 2 * time.Second // from publish to delivery, beside it all
	headDeadline  = 10 * time.Second
	bodyDeadline  = 30 * time.Second
)

// TestHostile attacks our hub over HTTP/1.1 in every way at once: with input
// that is expensive to understand, selectors that are expensive to match and
// clients that never finish. Each gets its answer or its end in time, while
// streams beside them stay timely.
func TestHostile(t *testing.T) {
	target := combination{"http1", "auto", "memory"}.target(t, "", nil)
	ctx, stop := context.WithCancel(t.Context())
	var streams, attackers sync.WaitGroup
	defer streams.Wait()
	defer stop()
	for _, gen := range []string{legacy, current} {
		streams.Go(func() { staysTimely(ctx, t, target, gen) })
	}
	for name, c := range slowClients(t, target) {
		attackers.Go(func() { c.isCut(t, name, target.Hub) })
	}
	attackers.Go(func() { answersInTime(t, target) })
	attackers.Wait()
}

// as runs steps of the suite's own and reports what failed as a test does.
func as(t *testing.T, target *Target, gen string, run func(*T)) {
	for _, why := range judge(t.Context(), target, Case{Run: run}, &Entry{}, gen).Why {
		t.Error(why)
	}
}

// staysTimely publishes and receives beside selectors that are expensive to
// match, one update at a time, until ctx ends.
func staysTimely(ctx context.Context, t *testing.T, target *Target, gen string) {
	var took []time.Duration
	as(t, target, gen, func(t *T) {
		topic := t.Topic("timely")
		s := t.Subscribe("", topic)
		t.holdExpensive()
		pace := time.NewTicker(20 * time.Millisecond)
		defer pace.Stop()
		for ctx.Err() == nil {
			start := time.Now()
			s.Want("beside hostile clients", t.Publish("topic", topic))
			took = append(took, time.Since(start))
			<-pace.C
		}
	})
	if len(took) == 0 {
		t.Errorf("%s: nothing was delivered", gen)
		return
	}
	slices.Sort(took)
	longest := took[len(took)-1]
	t.Logf("%s: %d deliveries, p50 %v, p99 %v, longest %v", gen, len(took), took[len(took)/2], took[len(took)*99/100], longest)
	if longest > deliveryLimit {
		t.Errorf("%s: a delivery took %v, more than %v", gen, longest, deliveryLimit)
	}
}

// holdExpensive opens a stream with as many selectors as are allowed, each
// about as expensive as is allowed and with the host of the run's topics.
func (t *T) holdExpensive() {
	var pairs []string
	for i := range t.MaxMatchers {
		if t.Legacy() {
			pairs = append(pairs, "topic", fmt.Sprintf("https://example.com/%s{z:100}-%d", strings.Repeat("{a}", 24), i))
		} else {
			pairs = append(pairs, "match_urlpattern", fmt.Sprintf("https://example.com/%s-%d", strings.Repeat("*a", 30), i))
		}
	}
	r := Request{Method: "QUERY", Form: Form(pairs...)}
	if t.Legacy() {
		r = Request{Query: Form(pairs...)}
	}
	t.Open(r)
}

// An attack is a request that is answered at once with one of the statuses.
type attack struct {
	Request
	statuses []int
}

// attacks are those of a kind, by name.
type attacks map[string]attack

func (a attacks) add(name string, r Request, statuses ...int) { a[name] = attack{r, statuses} }

// answersInTime makes the attacks three times over: what was cached must not
// matter.
func answersInTime(t *testing.T, target *Target) {
	all := make(attacks)
	as(t, target, legacy, func(t *T) {
		maps.Copy(all, t.selectorAttacks())
		maps.Copy(all, t.tokenAttacks())
		maps.Copy(all, t.publishAttacks())
	})
	for range 3 {
		for name, a := range all {
			as(t, target, legacy, func(t *T) {
				start := time.Now()
				t.WantStatus(name, t.Do(a.Request), a.statuses...)
				if took := time.Since(start); took > answerLimit {
					t.Errorf("%s: answered after %v, want at most %v", name, took, answerLimit)
				}
			})
		}
	}
}

// selectorAttacks subscribe to what is expensive to parse.
func (t *T) selectorAttacks() attacks {
	all := make(attacks)
	query := func(form string) Request { return Request{Method: "QUERY", Form: form} }
	all.add("20,000 matchers in a body", query(strings.Repeat("match=a&", 20_000)), 400)
	all.add("7,000 selectors in a query", Request{Query: strings.Repeat("topic=a&", 7_000)}, 400)
	all.add("a head of 80 KB", Request{Query: strings.Repeat("topic=a&", 10_000)}, 431)
	for name, template := range map[string]string{
		"a long prefix":              "{x:9999}",
		"many long prefixes":         strings.Repeat("{x:9999}", 100),
		"1,500 variables":            "{" + strings.Repeat("a,", 1_499) + "a}",
		"1,500 exploded variables":   "{?" + strings.Repeat("a*,", 1_499) + "a*}",
		"1,500 expressions":          strings.Repeat("{a}", 1_500),
		"10,000 braces":              strings.Repeat("{", 10_000),
		"a variable of 10,000 names": "{" + strings.Repeat("a.", 10_000) + "a}",
	} {
		all.add("a template of "+name, Request{Query: Form("topic", template)}, 200, 400)
		all.add("a 1.0 template of "+name, Request{Query: Form("match_uritemplate", template)}, 200, 400)
	}
	for name, pattern := range map[string]string{
		"nested repetitions":   "/:x((((a{1,99}){1,99}){1,99}){1,99})",
		"nested stars":         "/:x((((a*)*)*)*b)",
		"alternating stars":    "/:x((a|aa|aaa|a*)*b)",
		"counted groups":       "/" + strings.Repeat("([a-z]{999})", 30),
		"100,000 wildcards":    strings.Repeat("*", 100_000),
		"100,000 slashed ones": strings.Repeat("/*", 100_000),
		"20,000 groups":        "/" + strings.Repeat("(a)", 20_000),
		"100,000 parentheses":  "/" + strings.Repeat("(", 100_000),
		"100,000 braces":       "/" + strings.Repeat("{", 100_000),
		"60,000 names":         "/" + strings.Repeat(":a", 60_000),
		"100,000 backslashes":  strings.Repeat(`\`, 100_000),
	} {
		all.add("a pattern of "+name, query(Form("match_urlpattern", pattern)), 200, 400)
	}
	all.add("60 KB of cookies", Request{Query: "topic=a", Header: http.Header{"Cookie": {strings.Repeat("a=b; ", 12_000)}}}, 200)
	all.add("a cursor of 32 KiB", Request{Query: "topic=a", Header: http.Header{"Last-Event-ID": {strings.Repeat("a", 32<<10)}}}, 200)
	return all
}

// tokenAttacks present what is expensive to verify or to read, where the token
// is of the right key and where it is not.
func (t *T) tokenAttacks() attacks {
	nested := func(open, end string, depth int) json.RawMessage {
		return json.RawMessage(strings.Repeat(open, depth) + "1" + strings.Repeat(end, depth))
	}
	arrays, objects := nested("[", "]", 9_000), nested(`{"a":`, "}", 3_000)
	long := strings.Repeat("x", 20<<10)
	header := Claims{"typ": "JWT"}
	granted := Claims{"mercure": Claims{"publish": []string{"*"}}}
	publishing := func(selectors ...string) Claims { return Claims{"mercure": Claims{"publish": selectors}} }
	currentHeader, claims := t.CurrentClaims()
	detailed := func(details any) Claims { return claims.With("authorization_details", details) }
	publish := []string{"publish"}

	all := make(attacks)
	for name, token := range map[string]string{
		"deep arrays, 0.x":            t.Sign(Publisher, header, granted.With("mercure", arrays)),
		"deep objects, 0.x":           t.Sign(Publisher, header, granted.With("mercure", objects)),
		"deep arrays, 1.0":            t.Sign(Publisher, currentHeader, detailed(arrays)),
		"deep objects, 1.0":           t.Sign(Publisher, currentHeader, detailed([]any{Detail(publish, objects)})),
		"a deep header":               t.Sign(Publisher, header.With("other", arrays), granted),
		"a long claim":                t.Sign(Publisher, header, granted.With("other", long)),
		"a long key id":               t.Sign(Publisher, header.With("kid", long), granted),
		"4,000 selectors":             t.Sign(Publisher, header, publishing(slices.Repeat([]string{"{a}"}, 4_000)...)),
		"a template with long prefix": t.Sign(Publisher, header, publishing(strings.Repeat("{x:9999}", 100))),
		"300 details":                 t.Sign(Publisher, currentHeader, detailed(slices.Repeat([]any{Detail(publish)}, 300))),
		"a pattern of 20,000 stars":   t.Sign(Publisher, currentHeader, detailed([]any{Detail(publish, Matcher("urlpattern", strings.Repeat("*", 20_000)))})),
		"32 KiB of dots":              strings.Repeat(".", 32<<10),
		"32 KiB of letters":           strings.Repeat("A", 32<<10),
		"32 KiB after the claims":     t.Sign(Publisher, header, granted) + strings.Repeat("A", 31<<10),
	} {
		all.add("a token of "+name, Request{Method: http.MethodPost, Token: token, Form: "topic=a"}, 200, 401, 403)
		all.add("a cookie of "+name, Request{Query: "topic=a", Header: http.Header{"Cookie": {"mercureAuthorization=" + token}}}, 401)
	}
	return all
}

// publishAttacks publish what is expensive to read, and to grant.
func (t *T) publishAttacks() attacks {
	publish := func(token, form string) Request { return Request{Method: http.MethodPost, Token: token, Form: form} }
	token := t.PublisherToken()
	all := make(attacks)
	all.add("a million fields", publish(token, "topic=a&"+strings.Repeat("&", 1_000_000)), 413)
	all.add("100,000 topics", publish(token, strings.Repeat("topic=a&", 100_000)), 413)
	all.add("a topic of 1 MB", publish(token, "topic="+strings.Repeat("a", 1<<20)), 413)
	all.add("a topic of a million stray percents", publish(token, "topic="+strings.Repeat("%", 1<<20)), 413)
	all.add("a million lines", publish(token, "topic=a&data="+strings.Repeat("%0A", 1_000_000)), 200)

	// The most that topics and grants can be multiplied by each other: only the
	// last topic has no grant.
	var grants, topics []string
	for i := range t.MaxMatchers {
		grants = append(grants, fmt.Sprintf("https://example.com/{a}{b}{c}{+d}{+e}-%d", i))
	}
	for i := range t.MaxTopics {
		topics = append(topics, "topic", fmt.Sprintf("https://example.com/%s-%d", strings.Repeat("-", 200), i+1))
	}
	all.add("100 grants on 100 topics", publish(t.Token(Publisher, Grant{Publish: grants}), Form(topics...)), 403)
	return all
}

// A slowClient sends the start of a request at once and then a byte a second.
type slowClient struct {
	start string // {host} and {path} stand for the hub's
	drip  string // sent again and again
	cut   time.Duration
}

func slowClients(t *testing.T, target *Target) map[string]slowClient {
	clients := map[string]slowClient{
		"silent":            {"", "", headDeadline},
		"slow request line": {"", "G", headDeadline},
		"slow header":       {"GET {path}?topic=a HTTP/1.1\r\nHost: {host}\r\nX-Slow: ", "a", headDeadline},
		"slow QUERY body":   {"QUERY {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n", "a", bodyDeadline},
		"slow body of GET":  {"GET {path}?topic=a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\n", "a", bodyDeadline},
	}
	as(t, target, legacy, func(t *T) {
		post := "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer " + t.PublisherToken() +
			"\r\nContent-Type: application/x-www-form-urlencoded\r\n"
		clients["slow body of POST"] = slowClient{post + "Content-Length: 1000\r\n\r\n", "a", bodyDeadline}
		clients["slow chunks of POST"] = slowClient{post + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", "1\r\na\r\n", bodyDeadline}
	})
	return clients
}

// isCut asserts that the hub ends the connection at the client's deadline.
func (c slowClient) isCut(t *testing.T, name, hub string) {
	u, err := url.Parse(hub)
	if err != nil {
		t.Error(err)
		return
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Error(err)
		return
	}
	began := time.Now()
	ctx, stop := context.WithCancel(t.Context())
	var drip sync.WaitGroup
	defer drip.Wait()
	defer conn.Close()
	defer stop()
	drip.Go(func() {
		send := strings.NewReplacer("{host}", u.Host, "{path}", u.Path).Replace(c.start)
		for every := time.Tick(time.Second); ; send = c.drip {
			if _, err := io.WriteString(conn, send); err != nil {
				return // the hub has ended the connection
			}
			select {
			case <-every:
			case <-ctx.Done():
				return
			}
		}
	})
	const tolerance = 3 * time.Second
	_ = conn.SetReadDeadline(began.Add(c.cut + tolerance))
	answer, err := io.ReadAll(conn)
	took := time.Since(began)
	if errors.Is(err, os.ErrDeadlineExceeded) || took < c.cut-time.Second {
		t.Errorf("%s: ended after %v (%v) with %q, want it cut at %v", name, took, err, short(string(answer)), c.cut)
		return
	}
	t.Logf("%s: cut after %v", name, took.Round(time.Millisecond))
}
