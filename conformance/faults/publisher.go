package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// answerLimit bounds what is read of an answer, in bytes.
const answerLimit = 64 << 10

// answerTimeout is how long a publisher waits for an answer.
const answerTimeout = 30 * time.Second

// A Publisher sends updates one after the other, over one connection, and
// keeps the record of them. It is not safe for concurrent use.
type Publisher struct {
	poster
	record *Record
	name   string
	sent   int
}

// Publisher returns a publisher that writes to the record. Names are unique
// within a record. Close it.
func (r *Record) Publisher(name, token string) *Publisher {
	return &Publisher{poster: newPoster(token), record: r, name: r.nonce + "-" + name}
}

// An Update is what to publish.
type Update struct {
	Topic   string
	Private bool
	Size    int  // about how many bytes of payload
	OwnID   bool // bring an id instead of leaving it to the hub
}

// Publish sends an update to the hub at hubURL.
func (p *Publisher) Publish(ctx context.Context, hubURL string, u Update) Attempt {
	key := payloadKey(p.name, p.sent, u.Size)
	p.sent++
	form := url.Values{"topic": {u.Topic}, "data": {payload(key)}}
	if u.Private {
		form.Set("private", "on")
	}
	if u.OwnID {
		form.Set("id", "urn:faults:"+key)
	}
	p.record.begin(key, u)
	return p.record.end(key, p.post(ctx, hubURL, form.Encode(), ""))
}

// A poster sends publishes over one connection.
type poster struct {
	token  string
	client *http.Client
}

func newPoster(token string) poster {
	return poster{token, &http.Client{Transport: new(http.Transport), Timeout: answerTimeout}}
}

// Close closes the connection.
func (p *poster) Close() { p.client.CloseIdleConnections() }

// post sends a form, with an Idempotency-Key unless it is "", and says how the
// attempt ended.
func (p *poster) post(ctx context.Context, hubURL, form, key string) (end Attempt) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, hubURL, strings.NewReader(form))
	if err != nil {
		return Attempt{Outcome: Unsent, Problem: err.Error()}
	}
	r.GetBody = nil // without it net/http cannot send a publish twice
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+p.token)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	answer, err := p.client.Do(r)
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "dial" {
		return Attempt{Outcome: Unsent, Problem: err.Error()}
	} else if err != nil {
		return Attempt{Problem: err.Error()}
	}
	defer answer.Body.Close()
	end.Status, end.Retry = answer.StatusCode, answer.Header.Get("Retry-After")
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	switch {
	case err != nil:
		end.Problem = err.Error()
	case end.Status == http.StatusOK && len(body) == 0:
		end.Problem = "200 without an id (PUB-body-id)"
	case end.Status == http.StatusOK:
		end.Outcome, end.ID = Acknowledged, string(body)
	default:
		end.Problem = fmt.Sprintf("%d: %.200s", end.Status, body)
		if end.Status >= 400 && end.Status < 500 {
			end.Outcome = Refused
		}
	}
	return end
}
