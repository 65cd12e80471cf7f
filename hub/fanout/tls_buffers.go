package fanout

import (
	"bytes"
	"crypto/tls"
	"reflect"
)

// tlsBuffers are where a tls.Conn collects records and handshake messages. They
// keep the size of the largest, usually the client's hello with its post-quantum
// key, for as long as the connection lasts: 3.4 KB of the 6.8 KB that an idle
// stream over TLS would be. crypto/tls has no way to ask for them back, so this
// is done behind it, field by field, and only where it has no effect: an empty
// bytes.Buffer is replaced by an empty bytes.Buffer. A version of Go that has
// other fields costs the memory and breaks nothing but a test.
var tlsBuffers = bufferFields("rawInput", "hand")

func bufferFields(names ...string) [][]int {
	var fields [][]int
	for _, name := range names {
		if f, ok := reflect.TypeFor[tls.Conn]().FieldByName(name); ok && f.Type == reflect.TypeFor[bytes.Buffer]() {
			fields = append(fields, f.Index)
		}
	}
	return fields
}

// releaseBuffers gives back the empty buffers of a connection that nobody is
// reading from.
func releaseBuffers(c *tls.Conn) {
	v := reflect.ValueOf(c).Elem()
	for _, index := range tlsBuffers {
		if b := (*bytes.Buffer)(v.FieldByIndex(index).Addr().UnsafePointer()); b.Len() == 0 {
			*b = bytes.Buffer{}
		}
	}
}
