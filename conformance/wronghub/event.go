package wronghub

import (
	"encoding/json"
	"strings"
)

// encode writes an update as an event.
func (s *stream) encode(u *update, replayed bool) []byte {
	h := s.hub
	var b strings.Builder
	colon := ": "
	if h.is(OmitsSpaceAfterColon) {
		colon = ":"
	}
	field := func(name, value string) { b.WriteString(name + colon + value + "\n") }
	bare := replayed && h.is(ReplaysBareData)
	if !h.is(OmitsID) {
		field("id", h.eventID(u))
	}
	if kind := h.eventType(u); kind != "" && !bare {
		field("event", kind)
	}
	if retry := h.eventRetry(u); retry != "" && !bare {
		field("retry", retry)
	}
	for i, line := range h.dataLines(u.data) {
		if i > 0 && h.is(BreaksEventsAtLines) {
			b.WriteByte('\n')
		}
		if strings.Contains(line, ": ") && h.is(WritesFieldsInDataAsFields) {
			b.WriteString(line + "\n")
			continue
		}
		field("data", line)
	}
	if !h.is(OmitsBlankLine) {
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

func (h *Hub) eventID(u *update) string {
	if h.is(SendsOtherIDs) {
		return newID()
	}
	return u.id
}

func (h *Hub) eventType(u *update) string {
	switch {
	case u.kind == "" && h.is(NamesEveryType):
		return "update"
	case h.is(OmitsType):
		return ""
	}
	return u.kind
}

func (h *Hub) eventRetry(u *update) string {
	switch {
	case u.retry == "" && h.is(SendsRetryAlways):
		return "3000"
	case h.is(SendsRetryInSeconds):
		return strings.TrimSuffix(u.retry, "00")
	}
	return u.retry
}

// dataLines returns the data fields of an event.
func (h *Hub) dataLines(data string) []string {
	var document object
	switch {
	case h.is(CollapsesEmptyParts):
		data = strings.ReplaceAll(data, "..", ".")
	case h.is(RewritesJSON) && json.Unmarshal([]byte(data), &document) == nil:
		raw, _ := json.Marshal(document) // it was JSON before
		data = string(raw)
	case h.is(QuotesData):
		data = `"` + data + `"`
	case h.is(TrimsData):
		data = strings.TrimRight(data, "\r\n")
	case h.is(StripsControlsFromData):
		data = strings.NewReplacer("\x00", "", "\v", "", "\f", "", "\x7f", "").Replace(data)
	case h.is(SplitsDataAtSeparators):
		data = strings.NewReplacer("\u2028", "\n", "\u0085", "\n", "\v", "\n", "\f", "\n").Replace(data)
	case h.is(WritesLatin1):
		data = strings.NewReplacer("é", "\xe9", "€", "\x80").Replace(data)
	}
	if data == "" && h.is(OmitsEmptyData) {
		return nil
	}
	data = strings.ReplaceAll(data, "\r\n", "\n")
	if !h.is(SplitsDataAtLFOnly) {
		data = strings.ReplaceAll(data, "\r", "\n")
	}
	return strings.Split(data, "\n")
}
