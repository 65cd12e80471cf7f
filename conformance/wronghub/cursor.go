package wronghub

import "net/http"

// A cursorPlace is where a request carries its cursor.
type cursorPlace int

const (
	nowhere cursorPlace = iota
	inHeader
	inParameter
)

// cursor returns the id after which a request resumes, and where it stood.
func (h *Hub) cursor(r *http.Request, f form, gen generation) (id string, from cursorPlace) {
	parameter := "last_event_id"
	if gen == legacy {
		parameter = "lastEventID"
	}
	inQuery, ok := f.lookup(parameter)
	if h.is(IgnoresCursorParameter) {
		ok = false
	}
	if ok && h.is(PrefersCursorParameter) {
		return inQuery, inParameter
	}
	if ids := r.Header.Values("Last-Event-ID"); len(ids) > 0 && !h.is(IgnoresCursorHeader) {
		switch {
		case h.is(ReadsHeadersAsLatin1):
			return latin1(ids[0]), inHeader
		case ids[0] == earliest && h.is(KnowsEarliestInParameterOnly):
			return "", nowhere
		}
		return ids[0], inHeader
	}
	if ok {
		return inQuery, inParameter
	}
	return "", nowhere
}

// latin1 reads bytes as ISO 8859-1.
func latin1(s string) string {
	var runes []rune
	for _, b := range []byte(s) {
		runes = append(runes, rune(b))
	}
	return string(runes)
}

// answerCursor tells a client what came before the first event it gets.
func (h *Hub) answerCursor(header http.Header, gen generation, from cursorPlace, asked, before string) {
	name := "Mercure-Last-Event-ID"
	if gen == legacy {
		name = "Last-Event-ID"
	}
	switch {
	case before == earliest && h.is(AnswersKnownCursorsOnly),
		h.is(AnswersNoCursor), from == inHeader && h.is(AnswersParameterOnly):
		return
	case h.is(SwapsCursorHeaders) && gen == legacy:
		name = "Mercure-Last-Event-ID"
	case h.is(AddsOldCursorHeader):
		header.Set("Last-Event-ID", before)
	case h.is(EchoesCursors):
		before = asked
	case h.is(AnswersNewestID):
		if updates, _, _ := h.history.all(); len(updates) > 0 {
			before = updates[len(updates)-1].id
		}
	}
	header.Set(name, before)
}
