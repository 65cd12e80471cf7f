package faults

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
)

// An exportDigest sums up the updates of an export: what they are and their
// order, not when and at which position they came to this history.
type exportDigest struct {
	hash.Hash
	updates int
}

func newExportDigest() *exportDigest { return &exportDigest{Hash: sha256.New()} }

// export judges the lines of an export.
func (r *reading) export(lines io.Reader) (*exportDigest, error) {
	sum := newExportDigest()
	scan := bufio.NewScanner(lines)
	scan.Buffer(make([]byte, 0, 64<<10), maxLine)
	ended := false
	for scan.Scan() {
		var x struct {
			Position uint64          `json:"position"`
			ID       string          `json:"id"`
			Time     string          `json:"time"`
			Topics   []string        `json:"topics"`
			Data     string          `json:"data"`
			Private  bool            `json:"private"`
			Type     string          `json:"type"`
			Retry    string          `json:"retry"`
			End      json.RawMessage `json:"end"`
		}
		strict := json.NewDecoder(bytes.NewReader(scan.Bytes()))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&x); err != nil {
			return nil, fmt.Errorf("reading the export of %s: %w", r.name, err)
		}
		if x.End != nil {
			var end struct {
				Updates  int  `json:"updates"`
				Complete bool `json:"complete"`
			}
			if err := json.Unmarshal(x.End, &end); err != nil || !end.Complete {
				return nil, fmt.Errorf("the export of %s ends with %s", r.name, scan.Bytes())
			}
			ended = true
			continue
		}
		sum.updates++
		fmt.Fprintf(sum, "%q %q %q %t %q %q\n", x.ID, x.Topics, x.Data, x.Private, x.Type, x.Retry)
		s := specimen{id: x.ID, data: x.Data, position: x.Position, topics: x.Topics, private: x.Private}
		if x.Type+x.Retry != "" {
			s.other = fmt.Sprintf(", with type %q and retry %q", x.Type, x.Retry)
		}
		if x.Position == 0 {
			return nil, fmt.Errorf("reading the export of %s: a line has no position", r.name)
		}
		r.see(s)
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("reading the export of %s: %w", r.name, err)
	}
	if !ended {
		return nil, fmt.Errorf("the export of %s has no end", r.name)
	}
	return sum, nil
}

// A request for a stream.
type asked struct {
	selector string // of protocol 0.x
	cursor   string
	gaps     bool // gap=on, which other hubs ignore
}

// stream opens a stream of protocol 0.x that may read everything, and returns
// the cursor that the hub says it goes on from. The caller closes the body.
func stream(ctx context.Context, hub, token string, a asked) (body io.ReadCloser, answered string, err error) {
	query := url.Values{"topic": {a.selector}}
	if a.gaps {
		query.Set("gap", "on")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, hub+"?"+query.Encode(), nil)
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Accept", "text/event-stream")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Last-Event-ID", a.cursor)
	client := http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return nil, "", fmt.Errorf("opening a stream: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, "", errors.Join(fmt.Errorf("opening a stream: %s", answer.Status), answer.Body.Close())
	}
	return answer.Body, answer.Header.Get("Last-Event-ID"), nil
}

// events calls do with the events of a stream, up to the one with an id.
func events(body io.Reader, through string, do func(Event)) error {
	for all := newEventReader(body); ; {
		e, err := all.next()
		if err != nil {
			return fmt.Errorf("reading on to %s: %w", through, err)
		}
		do(e)
		if e.ID == through {
			return nil
		}
	}
}

// gapOf returns the reason of the gap that a stream begins with, "" where it
// begins with anything else.
func gapOf(body io.Reader) (reason string, err error) {
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 16<<10), maxLine)
	isGap := false
	for lines.Scan() {
		field, value, _ := bytes.Cut(lines.Bytes(), []byte(": "))
		switch {
		case string(field) == "event" && string(value) == "cinnabar.gap":
			isGap = true
		case string(field) == "data" && isGap:
			var gap struct{ Reason string }
			err := json.Unmarshal(value, &gap)
			return gap.Reason, err
		case string(field) == "data", string(field) == "id":
			return "", nil
		}
	}
	return "", errors.Join(lines.Err(), io.ErrUnexpectedEOF)
}
