package load

import "errors"

// errFraming tells of a body that breaks the framing of chunks (RFC 9112,
// section 7.1).
var errFraming = errors.New("the chunks of the answer are broken")

// chunks takes the framing off a chunked body that comes in pieces. The zero
// value is at the beginning of a body.
type chunks struct {
	state chunkState
	left  int64 // bytes of the chunk's content still to come, or its size so far
}

type chunkState uint8

const (
	inSize chunkState = iota
	inExtension
	inContent
	afterContent
	inTrailer
	inField // a line of the trailer that is not empty
	atEnd
)

// next returns the first stretch of content in piece, and what of piece comes
// after it. Content is empty when piece holds none.
func (c *chunks) next(piece []byte) (content, rest []byte, err error) {
	const most = 1 << 40
	for i := 0; i < len(piece); i++ {
		b := piece[i]
		switch c.state {
		case inSize:
			switch digit := hexadecimal(b); {
			case digit >= 0 && c.left < most:
				c.left = c.left<<4 | int64(digit)
			case b == ';' || b == '\r':
				c.state = inExtension
			default:
				return nil, nil, errFraming
			}
		case inExtension:
			switch {
			case b != '\n':
			case c.left == 0:
				c.state = inTrailer
			default:
				c.state = inContent
			}
		case inContent:
			n := min(int64(len(piece)-i), c.left)
			if c.left -= n; c.left == 0 {
				c.state = afterContent
			}
			return piece[i : i+int(n)], piece[i+int(n):], nil
		case afterContent:
			switch b {
			case '\r':
			case '\n':
				c.state = inSize
			default:
				return nil, nil, errFraming
			}
		case inTrailer:
			switch b {
			case '\r':
			case '\n':
				c.state = atEnd
			default:
				c.state = inField
			}
		case inField:
			if b == '\n' {
				c.state = inTrailer
			}
		case atEnd:
			return nil, nil, errFraming
		}
	}
	return nil, nil, nil
}

// ended reports whether the body came to its end.
func (c *chunks) ended() bool { return c.state == atEnd }

func hexadecimal(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}
