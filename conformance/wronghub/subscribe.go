package wronghub

import (
	"net/http"
	"strings"
)

// subscribe opens a stream.
func (h *Hub) subscribe(w http.ResponseWriter, r *http.Request) error {
	f := parseForm(r.URL.RawQuery)
	if r.Method == methodQuery {
		body, err := readForm(r)
		if err != nil {
			return err
		}
		f = append(f, body...) // the query first, so that its cursor wins
	}
	gen := h.generationOf(f)
	t, c, err := h.authenticate(r, gen, h.subscriberKey)
	if err != nil {
		return err
	}
	if t == nil && !h.config.Anonymous {
		return noToken
	}
	selectors, err := h.matchers(f, gen)
	if err != nil {
		return err
	}
	s := &stream{hub: h, token: t, selectors: selectors}
	header := w.Header()
	if id, ok := h.cursor(r, f, gen); ok {
		header.Set(cursorHeader(gen), s.resume(id))
	} else {
		s.start()
	}
	if c.fromURL {
		header.Set("Cache-Control", "private")
	}
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	s.serve(w, r)
	return nil
}

// hasMatchPrefix reports whether a parameter's name is in the namespace of
// matchers.
func hasMatchPrefix(name string) bool {
	return len(name) >= 5 && strings.EqualFold(name[:5], "match")
}

// generationOf tells the generation of a subscribe request by its parameters.
func (h *Hub) generationOf(f form) generation {
	for _, field := range f {
		if hasMatchPrefix(field.name) {
			return current
		}
	}
	if _, ok := f.lookup("topic"); ok && !h.config.CurrentOnly {
		return legacy
	}
	return current
}

// matchers returns the selectors that a request asks for.
func (h *Hub) matchers(f form, gen generation) ([]selector, error) {
	var selectors []selector
	for _, field := range f {
		switch {
		case gen == legacy && field.name == "topic":
			selectors = append(selectors, h.legacySelector(field.value))
		case gen == current && hasMatchPrefix(field.name):
			kind := exact
			if field.name != "match" {
				var ok bool
				if kind, ok = strings.CutPrefix(field.name, "match_"); !ok {
					return nil, malformed("the parameter " + field.name + " is none")
				}
			}
			s, err := h.matcher(kind, field.value)
			if err != nil {
				return nil, err
			}
			selectors = append(selectors, s)
		}
	}
	if len(selectors) == 0 {
		return nil, malformed("nothing is subscribed to")
	}
	return selectors, nil
}

// cursor returns the id after which a request resumes.
func (h *Hub) cursor(r *http.Request, f form, gen generation) (id string, ok bool) {
	if ids := r.Header.Values("Last-Event-ID"); len(ids) > 0 {
		return ids[0], true
	}
	if gen == legacy {
		return f.lookup("lastEventID")
	}
	return f.lookup("last_event_id")
}

// cursorHeader is the field that answers a cursor.
func cursorHeader(gen generation) string {
	if gen == legacy {
		return "Last-Event-ID"
	}
	return "Mercure-Last-Event-ID"
}
