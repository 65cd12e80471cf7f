package wronghub

import (
	"errors"
	"net/http"
	"strings"
)

// subscribe opens a stream.
func (h *Hub) subscribe(w http.ResponseWriter, r *http.Request) error {
	f, err := h.parameters(r)
	if err != nil {
		return err
	}
	gen := h.generationOf(f)
	t, c, err := h.authenticate(r, gen, h.subscriberKey)
	if errors.Is(err, invalidToken) && h.config.Anonymous && h.is(TakesBadTokensForNone) {
		err = nil
	}
	switch {
	case err != nil:
		return err
	case t == nil && h.is(ForbidsStrangers):
		return insufficientScope
	case t == nil && !h.config.Anonymous:
		return noToken
	case t != nil && len(t.subscribe) == 0 && h.is(WantsGrantToSubscribe):
		return insufficientScope
	}
	selectors, err := h.matchers(f, gen)
	if err != nil {
		return err
	}
	s := &stream{hub: h, token: t, gen: gen, selectors: selectors}
	header := w.Header()
	if id, from := h.cursor(r, f, gen); from != nowhere {
		h.answerCursor(header, gen, from, id, s.resume(id))
	} else {
		s.start()
	}
	if s.idle() && h.is(AnswersNothingWith204) {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if c.fromURL && !h.is(CachesTokensInURLs) {
		header.Set("Cache-Control", "private")
	}
	header.Set("Content-Type", "text/event-stream")
	if h.is(StreamsPlainText) {
		header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	header.Set("X-Accel-Buffering", "no")
	if h.is(RedirectsNowhere) {
		w.WriteHeader(http.StatusFound)
		return nil
	}
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	p := place{token: t, from: clientOf(r)}
	if !h.enter(p) {
		return tooMany
	}
	defer h.leave(p)
	subscriptions := h.subscriptionsOf(r, f, gen, t)
	h.arrive(subscriptions)
	defer func() { h.depart(subscriptions, r.Context().Err() != nil) }()
	w.WriteHeader(http.StatusOK)
	s.serve(w, r)
	return nil
}

// parameters returns those of the query, then those of a body, so that the
// first of a name is the query's.
func (h *Hub) parameters(r *http.Request) (form, error) {
	f := h.parseForm(r.URL.RawQuery)
	if r.Method != methodQuery {
		return f, nil
	}
	body, err := h.readForm(r, TakesAnyQueryBody)
	if err != nil {
		return nil, err
	}
	for i := range body {
		switch field := &body[i]; {
		case hasMatchPrefix(field.name) && h.is(TrustsBodies):
			field.name = "match"
			field.value = strings.ReplaceAll(strings.ToValidUTF8(field.value, ""), "\x00", "")
		case field.name == "last_event_id" && h.is(IgnoresCursorInBody):
			field.name = ""
		}
	}
	switch {
	case h.is(IgnoresQueryBesideBody):
		return body, nil
	case h.is(PrefersBody):
		return append(body, f...), nil
	}
	return append(f, body...), nil
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
		if err := h.checkMatcher(field, gen, len(selectors)); err != nil {
			return nil, err
		}
		switch {
		case gen == legacy && field.name == "topic":
			if _, ok := h.parseTemplate(field.value); !ok && h.is(RefusesBadTemplates) {
				return nil, malformed("the selector is no URI template")
			}
			selectors = append(selectors, h.legacySelector(field.value, asMatcher))
		case gen == current && hasMatchPrefix(field.name):
			if field.name[:5] != "match" && h.is(ReservesLowerCaseOnly) {
				continue
			}
			kind, ok := h.matcherType(field.name)
			if !ok && h.is(IgnoresBadMatchNames) {
				continue
			}
			if !ok {
				return nil, malformed("the parameter " + field.name + " is none")
			}
			s, err := h.matcher(kind, field.value, asMatcher)
			if err != nil {
				return nil, err
			}
			selectors = append(selectors, s)
		case field.name != "last_event_id" && gen == current && h.is(RefusesOtherParameters):
			return nil, malformed("the parameter " + field.name + " is none")
		}
	}
	switch {
	case len(selectors) == 0 && h.is(TakesNothingForEverything):
		return []selector{everything}, nil
	case len(selectors) == 0:
		return nil, malformed("nothing is subscribed to")
	case h.is(HearsFirstMatcherOnly):
		return selectors[:1], nil
	}
	return selectors, nil
}

// matcherType returns the type that a parameter in the namespace names.
func (h *Hub) matcherType(name string) (kind string, ok bool) {
	if h.is(FoldsParameterNames) {
		name = strings.ToLower(name[:5]) + name[5:]
	}
	if name == "match" {
		if h.is(TakesMatchForPattern) {
			return urlPattern, true
		}
		return exact, true
	}
	kind, ok = strings.CutPrefix(name, "match_")
	if h.is(FoldsMatcherTypes) {
		kind = strings.ToLower(kind)
	}
	if !isMatcherType(kind) && h.is(TakesUnknownTypesForExact) {
		kind = exact
	}
	if kind == urlPattern && h.is(ComparesPatterns) {
		kind = exact
	}
	return kind, ok && isMatcherType(kind)
}
