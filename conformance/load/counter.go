package load

import "bytes"

// mark begins a line of data. An event published with one line of data has one
// such line, and neither the other fields nor chunk sizes look like it.
const mark = "data:"

// A counter counts the events in a stream that comes in pieces, chunk sizes
// and all. The zero counter is at the beginning of a line.
type counter struct {
	matched int // bytes of mark at the beginning of this line; -1: it is another line
}

// add returns how many events began to tell their data in the next piece.
func (c *counter) add(piece []byte) (events int64) {
	for len(piece) > 0 {
		if c.matched < 0 {
			end := bytes.IndexByte(piece, '\n')
			if end < 0 {
				return events
			}
			c.matched, piece = 0, piece[end+1:]
			continue
		}
		switch b := piece[0]; {
		case b == mark[c.matched]:
			c.matched++
		case b == '\n':
			c.matched = 0
		default:
			c.matched = -1
		}
		piece = piece[1:]
		if c.matched == len(mark) {
			events++
			c.matched = -1
		}
	}
	return events
}
