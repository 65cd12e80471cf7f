package faults

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// answerLimit bounds what is read of an answer, in bytes.
const answerLimit = 64 << 10

// A Publisher sends updates one after the other, over one connection, and
// keeps the record of them. It is not safe for concurrent use.
type Publisher struct {
	record *Record
	name   string
	token  string
	sent   int
	client *http.Client
}

// Publisher returns a publisher that writes to the record. Names are unique
// within a record. Close it.
func (r *Record) Publisher(name, token string) *Publisher {
	return &Publisher{
		record: r, name: r.nonce + "-" + name, token: token,
		client: &http.Client{Transport: new(http.Transport), Timeout: 30 * time.Second},
	}
}

// Close closes the connection.
func (p *Publisher) Close() { p.client.CloseIdleConnections() }

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
	status, body, err := p.post(ctx, hubURL, form.Encode())
	switch {
	case err != nil:
		return p.record.end(key, Indeterminate, "", err.Error())
	case status == http.StatusOK && body == "":
		return p.record.end(key, Indeterminate, "", "200 without an id (PUB-body-id)")
	case status == http.StatusOK:
		return p.record.end(key, Acknowledged, body, "")
	case status >= 400 && status < 500:
		return p.record.end(key, Refused, "", fmt.Sprintf("%d: %.200s", status, body))
	}
	return p.record.end(key, Indeterminate, "", fmt.Sprintf("%d: %.200s", status, body))
}

func (p *Publisher) post(ctx context.Context, hubURL, form string) (status int, body string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, hubURL, strings.NewReader(form))
	if err != nil {
		return 0, "", err
	}
	r.GetBody = nil // without it net/http cannot send a publish twice
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+p.token)
	answer, err := p.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	id, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	return answer.StatusCode, string(id), err
}
