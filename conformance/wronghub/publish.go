package wronghub

import (
	"crypto/rand"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// publish takes an update in.
func (h *Hub) publish(w http.ResponseWriter, r *http.Request) error {
	t, c, err := h.authenticate(r, either, h.publisherKey)
	switch {
	case err != nil:
		return err
	case t == nil:
		return noToken
	case c.ambient && h.forged(r):
		return refusal{status: http.StatusForbidden, detail: "a cookie, but from which page?"}
	}
	f, err := readForm(r)
	if err != nil {
		return err
	}
	u, err := h.parseUpdate(f)
	if err != nil {
		return err
	}
	if !h.mayPublish(t, u.topics) {
		return insufficientScope
	}
	h.history.append(u)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = io.WriteString(w, u.id)
	return err
}

// readForm reads the body of a request.
func readForm(r *http.Request) (form, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, malformed("the body is no form")
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, malformed("reading the body: " + err.Error())
	}
	return parseForm(string(raw)), nil
}

// parseUpdate makes an update of the fields of a form.
func (h *Hub) parseUpdate(f form) (*update, error) {
	for _, field := range f {
		if !utf8.ValidString(field.name) || !utf8.ValidString(field.value) {
			return nil, malformed("the form is not UTF-8")
		}
	}
	_, private := f.lookup("private")
	u := &update{
		topics:  f.all("topic"),
		id:      f.first("id"),
		kind:    f.first("type"),
		retry:   f.first("retry"),
		data:    f.first("data"),
		private: private,
	}
	if len(u.topics) == 0 {
		return nil, malformed("topic is missing")
	}
	for _, topic := range u.topics {
		switch {
		case !isText(topic):
			return nil, malformed("topic holds characters it may not")
		case topic == "*":
			return nil, malformed("topic is the wildcard")
		case h.isReserved(topic):
			return nil, malformed("topic is in the hub's own namespace")
		}
	}
	switch {
	case !isText(u.id):
		return nil, malformed("id holds characters it may not")
	case strings.HasPrefix(u.id, "#"), u.id == "earliest":
		return nil, malformed("id is one that only a hub gives")
	case !isText(u.kind):
		return nil, malformed("type holds characters it may not")
	case u.kind == "mercure":
		return nil, malformed("type is the hub's own")
	case strings.Trim(u.retry, "0123456789") != "":
		return nil, malformed("retry is no number")
	}
	if u.id == "" {
		u.id = newID()
	}
	return u, nil
}

func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// isReserved reports whether a topic names a resource below the hub's URL.
func (h *Hub) isReserved(topic string) bool {
	a, ok := parseAddress(topic, h.resource)
	if !ok {
		return false // it names nothing at all
	}
	path := decodePercent(a.path, isUnreserved)
	return path == h.resource.path || strings.HasPrefix(path, h.resource.path+"/")
}

// isUnreserved reports whether a byte means the same encoded or not.
func isUnreserved(c byte) bool {
	return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || strings.IndexByte("-._~", c) >= 0
}
