package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"cinnabar/spec"
)

// A sealed id is a UUID of version 8 (RFC 9562, section 5.8) in the URN form
// of section 4. The 122 bits that version and variant leave free are
//
//	epoch (32) | position (48) | check (42, all zero)
//
// under a keyed permutation. Ids must neither show order or count
// (REPLAY-opaque-ids) nor be guessable, yet resolve without an index: whoever
// has the key undoes the permutation, and a value that somebody made up leaves
// the check bits zero with probability 2^-42. A sealed id is a name and no
// permission; replay is authorized again (REPLAY-reauthorize).
//
// This layout is final: clients keep ids for as long as a history lives.
const (
	sealedPrefix = "urn:uuid:"
	sealedLength = len(sealedPrefix) + 36

	positionBits = 48
	checkBits    = 42
	halfBits     = 61
	halfMask     = 1<<halfBits - 1

	// rounds of the Feistel network. Four make a strong permutation only as
	// long as fewer than about 2^30 ids are known (the birthday bound of half
	// a block). Against six no attack is known that needs fewer than about
	// 2^61, and positions end a history at 2^48.
	rounds = 6
)

// A Sealer turns (epoch, position) into ids that hide order and count, and
// back. It is safe for concurrent use.
type Sealer struct {
	round   cipher.Block
	scratch sync.Pool // of *[aes.BlockSize]byte: a block's arguments escape
}

// NewSealer makes a sealer from the 32-byte key kept inside a history.
func NewSealer(key [32]byte) *Sealer {
	// Only this derived key meets AES: the history's key stays free for
	// other uses, each under its own label.
	derived, err := hkdf.Key(sha256.New, key[:], nil, "cinnabar sealed id v1", 16)
	if err != nil {
		panic("store: deriving the id key: " + err.Error()) // the length is constant and allowed
	}
	round, err := aes.NewCipher(derived)
	if err != nil {
		panic("store: " + err.Error()) // 16 bytes are a valid key
	}
	s := &Sealer{round: round}
	s.scratch.New = func() any { return new([aes.BlockSize]byte) }
	return s
}

// Seal returns the id of a position: urn:uuid: and a version 8 UUID. The
// position is at most [MaxPosition].
func (s *Sealer) Seal(e Epoch, p Position) spec.EventID {
	// The halves meet 19 bits before the end of the position.
	const low = halfBits - checkBits
	left := uint64(e)<<(positionBits-low) | uint64(p)>>low
	right := uint64(p) << checkBits & halfMask
	left, right = s.permute(left, right)
	id, err := spec.ParseEventID(formatUUID(left, right))
	if err != nil {
		panic("store: a sealed id is not an event id: " + err.Error())
	}
	return id
}

// Open recovers what was sealed; ok is false for anything this sealer did not
// make, other spellings of the same UUID included: ids are compared by bytes.
func (s *Sealer) Open(id string) (e Epoch, p Position, ok bool) {
	left, right, ok := parseUUID(id)
	if !ok {
		return 0, 0, false
	}
	const low = halfBits - checkBits
	left, right = s.unpermute(left, right)
	e = Epoch(left >> (positionBits - low))
	p = Position(left<<low|right>>checkBits) & MaxPosition
	return e, p, right&(1<<checkBits-1) == 0 && p > 0
}

func (s *Sealer) permute(left, right uint64) (uint64, uint64) {
	block := s.scratch.Get().(*[aes.BlockSize]byte)
	for i := range rounds {
		left, right = right, left^s.mix(block, i, right)
	}
	s.scratch.Put(block)
	return left, right
}

func (s *Sealer) unpermute(left, right uint64) (uint64, uint64) {
	block := s.scratch.Get().(*[aes.BlockSize]byte)
	for i := range rounds {
		left, right = right^s.mix(block, rounds-1-i, left), left
	}
	s.scratch.Put(block)
	return left, right
}

// mix is the round function: AES of the round's number and half a block, cut
// to half a block.
func (s *Sealer) mix(block *[aes.BlockSize]byte, round int, half uint64) uint64 {
	binary.BigEndian.PutUint64(block[:8], uint64(round))
	binary.BigEndian.PutUint64(block[8:], half)
	s.round.Encrypt(block[:], block[:])
	return binary.BigEndian.Uint64(block[8:]) & halfMask
}

// uuidDigits are the offsets, within a URN, of the two hexadecimal digits of
// each byte.
var uuidDigits = [16]int{9, 11, 13, 15, 18, 20, 23, 25, 28, 30, 33, 35, 37, 39, 41, 43}

// formatUUID spreads 122 bits around version (8) and variant (binary 10).
func formatUUID(left, right uint64) string {
	var raw [16]byte
	high := left >> 1
	binary.BigEndian.PutUint64(raw[:8], high>>12<<16|8<<12|high&0xfff)
	binary.BigEndian.PutUint64(raw[8:], 2<<62|left<<halfBits&(1<<62-1)|right)

	const digits = "0123456789abcdef"
	text := [sealedLength]byte{17: '-', 22: '-', 27: '-', 32: '-'}
	copy(text[:], sealedPrefix)
	for i, at := range uuidDigits {
		text[at], text[at+1] = digits[raw[i]>>4], digits[raw[i]&15]
	}
	return string(text[:])
}

// parseUUID is the inverse of formatUUID and accepts nothing else.
func parseUUID(s string) (left, right uint64, ok bool) {
	if len(s) != sealedLength || s[:len(sealedPrefix)] != sealedPrefix ||
		s[17] != '-' || s[22] != '-' || s[27] != '-' || s[32] != '-' {
		return 0, 0, false
	}
	var raw [16]byte
	for i, at := range uuidDigits {
		high, low := hexDigit(s[at]), hexDigit(s[at+1])
		if high|low > 15 {
			return 0, 0, false
		}
		raw[i] = high<<4 | low
	}
	if raw[6]>>4 != 8 || raw[8]>>6 != 2 {
		return 0, 0, false
	}
	high := binary.BigEndian.Uint64(raw[:8])
	rest := binary.BigEndian.Uint64(raw[8:])
	left = (high>>16<<12|high&0xfff)<<1 | rest>>halfBits&1
	return left, rest & halfMask, true
}

// hexDigit returns the value of a lower-case digit, 0xff for anything else.
func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}
