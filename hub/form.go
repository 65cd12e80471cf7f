package hub

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"cinnabar/spec"
)

// bodyTimeout bounds the time a client may take to send a request body.
const bodyTimeout = 30 * time.Second

// maxIgnored is how much of a body that nobody asked for is skipped.
const maxIgnored = 4 << 10

const formMediaType = "application/x-www-form-urlencoded"

// A formReader reads the bodies of one kind of request, each bounded in bytes
// and fields, and all of them together in bytes.
type formReader struct {
	room      *budget
	maxBytes  int64
	maxFields int

	// How refusals are worded.
	mediaRule, sizeRule string
	tooLarge            bool // sizes are refused with 413, else with 400
}

// publishForms reads publish requests. Unknown fields are ignored
// (PUB-unknown-fields), but not by the million.
func publishForms(maxBytes int64, maxTopics int) formReader {
	return formReader{
		room:      newBudget(max(64<<20, 4*maxBytes), 0),
		maxBytes:  maxBytes,
		maxFields: maxTopics + 1000,
		mediaRule: "PUB-form-refused",
		sizeRule:  "LIMIT-publish-exceeded-413",
		tooLarge:  true,
	}
}

// queryForms reads QUERY requests. Their room is small and their own: whoever
// may subscribe may send them, and must not be able to keep publishers out. Of
// that room everybody has a share that four of the largest fill.
func queryForms(maxMatchers int) formReader {
	const largest = 256 << 10
	return formReader{
		room:      newBudget(16*largest, 4*largest),
		maxBytes:  largest,
		maxFields: maxMatchers + 1000,
		mediaRule: "SUB-body-form-encoded",
		sizeRule:  "LIMIT-matcher-exceeded-400",
	}
}

// read returns the fields of a body that an owner sends, decoded. The room it
// takes is given back by done, which is never nil.
func (f *formReader) read(w http.ResponseWriter, r *http.Request, owner any) (fields []spec.Pair, done func(), err error) {
	done = func() {}
	if err := f.checkMediaType(r); err != nil {
		return nil, done, err
	}
	if r.ContentLength > f.maxBytes {
		return nil, done, f.exceeded(fmt.Sprintf("%d bytes are more than the %d allowed", r.ContentLength, f.maxBytes))
	}
	size := r.ContentLength
	if size < 0 {
		size = f.maxBytes // chunked: it may become as large as that
	}
	if err := f.room.take(r.Context(), owner, size); err != nil {
		return nil, done, fmt.Errorf("waiting for room to read the body: %w", err)
	}
	done = func() { f.room.give(owner, size) }

	buffer := usualBodies.Get().(*[usualBody]byte)
	defer usualBodies.Put(buffer)
	body, err := f.readAll(w, r, buffer[:])
	if err != nil {
		return nil, done, err
	}
	if n := bytes.Count(body, []byte{'&'}) + 1; n > f.maxFields {
		return nil, done, f.exceeded(fmt.Sprintf("%d fields are more than the %d allowed", n, f.maxFields))
	}
	return spec.ParseForm(body), done, nil
}

// usualBodies are buffers for bodies of the usual size, which would otherwise
// be much of a publish's garbage.
const usualBody = 4 << 10

var usualBodies = sync.Pool{New: func() any { return new([usualBody]byte) }}

// readAll reads a body, into the buffer where it fits.
func (f *formReader) readAll(w http.ResponseWriter, r *http.Request, buffer []byte) (body []byte, err error) {
	switch n := r.ContentLength; {
	case n < 0:
		body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, f.maxBytes))
	case n <= int64(len(buffer)):
		body = buffer[:n]
		_, err = io.ReadFull(r.Body, body)
	default:
		body = make([]byte, n)
		_, err = io.ReadFull(r.Body, body)
	}
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, f.exceeded(fmt.Sprintf("it is longer than the %d bytes allowed", f.maxBytes))
	}
	if err != nil {
		return nil, &brokenBody{err}
	}
	return body, nil
}

// limitBody gives the body of a request, wanted or not, its time to arrive:
// net/http reads what a handler left before it answers, and would wait for
// ever. The deadline is the request's, since one of the server would end
// streams; net/http lifts it when the body has come. Where there are none, the
// embedding server has other means.
func limitBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	}
}

// ignoreBody skips the body of a request that has no use for one.
func ignoreBody(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	_, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxIgnored))
	if err != nil {
		return &brokenBody{err}
	}
	return nil
}

// checkMediaType accepts the form media type in any case and with any
// parameters (PUB-form-charset-param): fields are UTF-8 whatever they say.
func (f *formReader) checkMediaType(r *http.Request) error {
	given := r.Header.Get("Content-Type")
	media, _, _ := strings.Cut(given, ";")
	if strings.EqualFold(strings.TrimSpace(media), formMediaType) {
		return nil
	}
	problem := "the body has no media type"
	if given != "" {
		problem = fmt.Sprintf("the body is %q", media)
	}
	return &spec.Fault{Rule: f.mediaRule, Field: "Content-Type", Problem: problem, Fix: "send " + formMediaType}
}

func (f *formReader) exceeded(problem string) *spec.Fault {
	return &spec.Fault{
		Rule:     f.sizeRule,
		Field:    "body",
		Problem:  problem,
		Fix:      "send less at once, or raise the hub's limit",
		TooLarge: f.tooLarge,
	}
}

// checkUTF8 refuses names and values that are not UTF-8, those of unknown
// fields too (PUB-utf8-names-values).
func checkUTF8(fields []spec.Pair) error {
	for _, p := range fields {
		if utf8.ValidString(p.Name) && utf8.ValidString(p.Value) {
			continue
		}
		return &spec.Fault{
			Rule:    "PUB-utf8-names-values",
			Field:   strings.ToValidUTF8(p.Name, "\uFFFD"),
			Problem: "its percent-decoded bytes are not UTF-8",
			Fix:     "encode the form in UTF-8; send binary content as base64",
		}
	}
	return nil
}
