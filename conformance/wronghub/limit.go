package wronghub

import (
	"fmt"
	"net/http"
)

// Limits are how much a hub takes; 0 is any amount.
type Limits struct {
	Body     int // bytes of a publish
	Field    int // bytes of a topic, id or type
	Topics   int // of a publish
	Matchers int // of a subscribe
	Matcher  int // bytes of one, also in a token
	Details  int // of a token, and topics of each
}

// tooLarge refuses a publish that is beyond a limit.
func (h *Hub) tooLarge(what string) error {
	if h.is(CallsTooLargeMalformed) {
		return malformed(what)
	}
	return refusal{status: http.StatusRequestEntityTooLarge, detail: what}
}

// exceeds reports whether there is more of something than its limit.
func (h *Hub) exceeds(n, limit int, ignored Defect) bool {
	if h.is(LimitsOneLess) {
		limit--
	}
	return limit > 0 && n > limit && !h.is(ignored)
}

// checkBody checks the size of a publish.
func (h *Hub) checkBody(raw []byte) error {
	if h.exceeds(len(raw), h.config.Limits.Body, TakesAnyBody) {
		return h.tooLarge("the body is too long")
	}
	return nil
}

// checkSizes checks the fields of an update.
func (h *Hub) checkSizes(u *update) error {
	if h.exceeds(len(u.topics), h.config.Limits.Topics, TakesAnyTopics) {
		return h.tooLarge("there are too many topics")
	}
	for _, field := range append([]string{u.id, u.kind}, u.topics...) {
		if h.exceeds(len(field), h.config.Limits.Field, TakesAnyField) {
			return h.tooLarge("a field is too long")
		}
	}
	return nil
}

// checkMatcher checks a parameter of a subscribe, after as many matchers.
func (h *Hub) checkMatcher(f field, gen generation, before int) error {
	if gen == legacy && f.name != "topic" || gen == current && !hasMatchPrefix(f.name) {
		return nil
	}
	status := http.StatusBadRequest
	if h.is(CallsMatchersTooLarge) {
		status = http.StatusRequestEntityTooLarge
	}
	switch {
	case h.exceeds(before+1, h.config.Limits.Matchers, TakesAnyMatchers):
		if h.is(FailsOfTooManyTopics) {
			status = http.StatusInternalServerError
		}
		return refusal{status: status, detail: fmt.Sprint("more matchers than ", h.config.Limits.Matchers)}
	case h.exceeds(len(f.value), h.config.Limits.Matcher, TakesAnyMatcher):
		return refusal{status: status, detail: "a matcher is too long"}
	}
	return nil
}
