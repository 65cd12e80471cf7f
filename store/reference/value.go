package reference

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cinnabar/spec"
)

// An Entry is what the reference hub kept of an update. Nobody has judged the
// fields yet: its rules are not ours.
type Entry struct {
	// Sequence is its place in the file; sequences grow, perhaps with gaps.
	Sequence uint64
	// ID is the id it was dispatched with.
	ID string
	// Fields hold that id too. A retry of 0 is none, as it was for subscribers.
	Fields spec.Fields
	// Foreign are the names of fields that this package does not know.
	Foreign []string
	// Fault is why the entry cannot be read; there are no fields then.
	Fault error
}

// A value is an update as JSON.
type value struct {
	Topics  []string
	Data    string
	Private bool
	ID      string
	Type    string
	Retry   uint64
	Debug   bool // about the hub's own log
}

// sequenceSize is how many bytes of a key come before the id.
const sequenceSize = 8

// parseEntry reads one key and its value, keeping neither.
func parseEntry(key, content []byte) Entry {
	if len(key) < sequenceSize {
		return Entry{Fault: fmt.Errorf("its key %x is no sequence followed by an id", key)}
	}
	e := Entry{Sequence: binary.BigEndian.Uint64(key), ID: string(key[sequenceSize:])}
	v, foreign, err := parseValue(content)
	switch {
	case content == nil:
		e.Fault = errors.New("it is a bucket, not an update")
	case err != nil:
		e.Fault = err
	case e.ID == "":
		e.Fault = errors.New("it has no id")
	case v.ID != e.ID:
		e.Fault = fmt.Errorf("its key names it %q, its value %q", e.ID, v.ID)
	default:
		e.Foreign = foreign
		e.Fields = spec.Fields{Topics: v.Topics, Data: v.Data, Private: v.Private, ID: v.ID, Type: v.Type}
		if v.Retry > 0 {
			e.Fields.Retry = strconv.FormatUint(v.Retry, 10)
		}
	}
	return e
}

func parseValue(content []byte) (v value, foreign []string, err error) {
	// The decoder would replace what is not UTF-8 and say nothing.
	if !utf8.Valid(content) {
		return v, nil, errors.New("its value is not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err == nil {
		if _, err := d.Token(); err != io.EOF {
			return v, nil, errors.New("its value is more than one JSON value")
		}
		return v, nil, nil
	}
	v = value{}
	var mismatch *json.UnmarshalTypeError
	if err := json.Unmarshal(content, &v); errors.As(err, &mismatch) && mismatch.Field != "" {
		return v, nil, fmt.Errorf("its value is no update: %s holds a JSON %s", mismatch.Field, mismatch.Value)
	} else if err != nil {
		return v, nil, fmt.Errorf("its value is no update: %w", err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(content, &fields); err != nil {
		return v, nil, fmt.Errorf("its value is no update: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.ContainsFunc(fieldNames, func(known string) bool { return strings.EqualFold(known, name) }) {
			foreign = append(foreign, name)
		}
	}
	return v, foreign, nil
}

var fieldNames = []string{"Topics", "Data", "Private", "ID", "Type", "Retry", "Debug"}
