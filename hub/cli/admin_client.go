package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"cinnabar/spec"
	"cinnabar/store"
)

// A remote is the history of a hub that runs, through its admin socket.
type remote struct {
	socket string
	client *http.Client
}

// dialHub returns the history of the hub that listens on a socket, nil when
// none does.
func dialHub(socket string) (*remote, error) {
	if socket == "" {
		return nil, nil
	}
	conn, err := net.DialTimeout("unix", socket, 5*time.Second)
	if isNobody(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reaching the hub at its admin socket: %w: run this command as the user of the hub", err)
	}
	conn.Close()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	return &remote{socket, &http.Client{Transport: &http.Transport{DialContext: dial}}}, nil
}

// call asks for one document.
func (h *remote) call(ctx context.Context, method, path string, query url.Values, body, document any) error {
	answer, err := h.ask(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(document); err != nil {
		return h.broken(err)
	}
	return nil
}

// ask returns an answer of status 200, whose body the caller closes.
func (h *remote) ask(ctx context.Context, method, path string, query url.Values, body any) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("asking the hub: %w", err)
		}
		content = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://hub"+path+"?"+query.Encode(), content)
	if err != nil {
		return nil, fmt.Errorf("asking the hub: %w", err)
	}
	answer, err := h.client.Do(r)
	if err != nil {
		return nil, h.broken(err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer, nil
	}
	defer answer.Body.Close()
	var news wireNews
	if err := json.NewDecoder(io.LimitReader(answer.Body, 64<<10)).Decode(&news); err != nil || news.Error == "" {
		return nil, fmt.Errorf("the hub at %s answered %s: it is another version of Cinnabar, or another program", h.socket, answer.Status)
	}
	return nil, errors.New(news.Error)
}

// broken is the error of a hub that went away.
func (h *remote) broken(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("the hub at %s went away: %w", h.socket, err)
}

func (h *remote) Bounds(ctx context.Context) (store.Bounds, error) {
	var w wireBounds
	err := h.call(ctx, http.MethodGet, adminBounds, nil, nil, &w)
	return store.Bounds{Oldest: w.Oldest, Newest: w.Newest, Gone: w.Gone.gone()}, err
}

func (h *remote) Summary(ctx context.Context) (store.Summary, error) {
	var w wireSummary
	if err := h.call(ctx, http.MethodGet, adminSummary, nil, nil, &w); err != nil {
		return store.Summary{}, err
	}
	s := w.Summary
	var oldest, newest error
	s.Oldest, oldest = w.Oldest.entry()
	s.Newest, newest = w.Newest.entry()
	return s, errors.Join(oldest, newest)
}

func (h *remote) Read(ctx context.Context, after store.Position, limit int) (store.Chunk, error) {
	query := url.Values{"after": {strconv.FormatUint(uint64(after), 10)}, "limit": {strconv.Itoa(limit)}}
	var w wireChunk
	if err := h.call(ctx, http.MethodGet, adminRead, query, nil, &w); err != nil {
		return store.Chunk{}, err
	}
	c := store.Chunk{Through: w.Through, Gone: w.Gone.gone()}
	for _, u := range w.Updates {
		e, err := u.entry()
		if err != nil {
			return store.Chunk{}, err
		}
		c.Entries = append(c.Entries, *e)
	}
	return c, nil
}

func (h *remote) Find(ctx context.Context, id string) (store.Place, error) {
	var w wirePlace
	err := h.call(ctx, http.MethodGet, adminFind, url.Values{"id": {id}}, nil, &w)
	return w.place(), err
}

func (h *remote) Since(ctx context.Context, t time.Time) (store.Place, error) {
	var w wirePlace
	err := h.call(ctx, http.MethodGet, adminSince, url.Values{"time": {t.UTC().Format(time.RFC3339Nano)}}, nil, &w)
	return w.place(), err
}

// Append appends as [store.Log] does, on the disk where there is one. The
// entries have no updates: the caller knows them.
func (h *remote) Append(ctx context.Context, _ store.Durability, updates ...*spec.Update) (store.Receipt, error) {
	var asked wireAppend
	for _, u := range updates {
		asked.Updates = append(asked.Updates, u.AppendBinary(nil))
	}
	var w wireReceipt
	if err := h.call(ctx, http.MethodPost, adminAppend, nil, asked, &w); err != nil {
		return store.Receipt{}, err
	}
	receipt := store.Receipt{Reached: w.Reached}
	for _, e := range w.Entries {
		receipt.Entries = append(receipt.Entries, store.Entry{Position: e.Position, At: e.At})
	}
	return receipt, nil
}

// Backup has the hub copy its history to a file of its own machine.
func (h *remote) Backup(ctx context.Context, path string, replace bool, tell func(store.Copied)) (store.Backup, error) {
	news, err := h.listen(ctx, adminBackup, wireBackup{path, replace}, tell)
	if err == nil && news.Backup == nil {
		err = h.broken(io.ErrUnexpectedEOF)
	}
	if err != nil {
		return store.Backup{}, err
	}
	return *news.Backup, nil
}

// Compact has the hub compact its history.
func (h *remote) Compact(ctx context.Context, tell func(store.Copied)) (store.Compaction, error) {
	news, err := h.listen(ctx, adminCompact, nil, tell)
	if err == nil && news.Compaction == nil {
		err = h.broken(io.ErrUnexpectedEOF)
	}
	if err != nil {
		return store.Compaction{}, err
	}
	return *news.Compaction, nil
}

// listen asks for something that takes time, and returns how it ended.
func (h *remote) listen(ctx context.Context, path string, body any, tell func(store.Copied)) (wireNews, error) {
	answer, err := h.ask(ctx, http.MethodPost, path, nil, body)
	if err != nil {
		return wireNews{}, err
	}
	defer answer.Body.Close()
	for lines := json.NewDecoder(answer.Body); ; {
		var news wireNews
		switch err := lines.Decode(&news); {
		case err != nil:
			return news, h.broken(err)
		case news.Error != "":
			return news, errors.New(news.Error)
		case news.Copied == nil:
			return news, nil
		}
		tell(*news.Copied)
	}
}

// Close ends the connection.
func (h *remote) Close() error {
	h.client.CloseIdleConnections()
	return nil
}
