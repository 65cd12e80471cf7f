package load

import "bytes"

// lineHead is how many bytes of a line are kept: the fields of a payload and
// the name of its line. The rest is padding, which is counted.
const lineHead = payloadHead + len("data: ")

// lines takes an event stream apart that comes in pieces. Lines end with LF,
// as all hubs end them. The zero value is at the beginning of a stream.
type lines struct {
	begun  []byte // of the line that the last piece ended in, its head
	length int    // of that line so far
}

// next returns the head and the length of the first line that ends in piece,
// and what of piece comes after it. The head is valid until the next call.
func (l *lines) next(piece []byte) (head []byte, length int, rest []byte, ended bool) {
	end := bytes.IndexByte(piece, '\n')
	if end < 0 {
		l.keep(piece)
		return nil, 0, nil, false
	}
	rest = piece[end+1:]
	if l.length == 0 {
		return piece[:min(end, lineHead)], end, rest, true
	}
	l.keep(piece[:end])
	head, length = l.begun, l.length
	l.begun, l.length = l.begun[:0], 0
	return head, length, rest, true
}

func (l *lines) keep(part []byte) {
	l.length += len(part)
	l.begun = append(l.begun, part[:min(len(part), lineHead-len(l.begun))]...)
}
