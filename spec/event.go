package spec

import "strings"

// AppendEvent appends the one event that carries u under id, from its first
// byte to its blank line, in the text/event-stream format. u's own id is
// ignored: id is the one the hub settled on, and never zero (SSE-id). Where dst
// has room it does not allocate.
//
// Nothing in u can add a field or an event (PUB-no-sse-injection): id, type and
// retry hold no line break by construction, and each line of the data, however
// it ends, is written as a data field of its own (SSE-data-lines). A trailing
// line break yields one more, empty, line, so that parsers give it back
// (SSE-data-trailing-newline); absent data yields one empty line, without which
// they would drop the event (SSE-data-empty).
func AppendEvent(dst []byte, id EventID, u *Update) []byte {
	dst = append(dst, "id: "...)
	dst = append(dst, id.s...)
	if u.typ.s != "" {
		dst = append(dst, "\nevent: "...)
		dst = append(dst, u.typ.s...)
	}
	if u.retry != "" {
		dst = append(dst, "\nretry: "...)
		dst = append(dst, u.retry...)
	}
	dst = appendData(dst, u.data)
	return append(dst, "\n\n"...)
}

// appendData starts a new line with every data field it writes. The space after
// the colon is the one that parsers strip, so that a leading space of the line
// itself survives (SSE-data-leading-space).
func appendData(dst []byte, data string) []byte {
	start, lf, cr := 0, indexFrom(data, 0, '\n'), indexFrom(data, 0, '\r')
	for {
		end := min(lf, cr)
		dst = append(dst, "\ndata: "...)
		dst = append(dst, data[start:end]...)
		if end == len(data) {
			return dst
		}
		start = end + 1
		if end == cr && strings.HasPrefix(data[start:], "\n") {
			start++
		}
		// Each search goes on where it stopped: no byte is looked at twice
		// for the same kind of line break.
		if lf < start {
			lf = indexFrom(data, start, '\n')
		}
		if cr < start {
			cr = indexFrom(data, start, '\r')
		}
	}
}

// indexFrom returns the index of the first c at or after start, or len(s).
func indexFrom(s string, start int, c byte) int {
	if i := strings.IndexByte(s[start:], c); i >= 0 {
		return start + i
	}
	return len(s)
}
