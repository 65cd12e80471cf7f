package store

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func testKey(seed byte) (key [32]byte) {
	for i := range key {
		key[i] = seed + byte(i)
	}
	return key
}

// sealed are golden vectors: clients keep ids, so the format never changes.
var sealed = []struct {
	key   byte
	epoch Epoch
	at    Position
	id    string
}{
	{0, 1, 1, "urn:uuid:c8aadaef-caf4-8c09-8283-99a644d4eac2"},
	{0, 1, 2, "urn:uuid:bd5d741e-3955-8bac-8b6d-0224dfff19bc"},
	{0, 2, 1, "urn:uuid:579ae868-1627-8fab-b319-3518094c15ac"},
	{1, 1, 1, "urn:uuid:b86f68b4-f6d8-8f90-91cf-e24fe98e55af"},
	{0, 0xdeadbeef, 0x0000_0123_4567_89ab, "urn:uuid:893ec18c-1d69-88a4-ba94-c9f48213ae14"},
	{0, 0xffffffff, MaxPosition, "urn:uuid:deedd1f1-e49b-8f66-ad84-a033367ae9fc"},
}

func TestSealedIDsNeverChange(t *testing.T) {
	for _, v := range sealed {
		s := NewSealer(testKey(v.key))
		if got := s.Seal(v.epoch, v.at).String(); got != v.id {
			t.Errorf("key %d, epoch %#x, position %#x sealed as %s, want %s", v.key, v.epoch, v.at, got, v.id)
		}
		e, p, ok := s.Open(v.id)
		if !ok || e != v.epoch || p != v.at {
			t.Errorf("%s opened as (%#x, %#x, %v), want (%#x, %#x, true)", v.id, e, p, ok, v.epoch, v.at)
		}
	}
}

func TestSealRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var key [32]byte
		copy(key[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key"))
		e := Epoch(rapid.Uint32().Draw(t, "epoch"))
		p := Position(rapid.Uint64Range(1, uint64(MaxPosition)).Draw(t, "position"))
		s := NewSealer(key)
		id := s.Seal(e, p).String()
		if e2, p2, ok := s.Open(id); !ok || e2 != e || p2 != p {
			t.Fatalf("(%#x, %#x) sealed as %s opened as (%#x, %#x, %v)", e, p, id, e2, p2, ok)
		}
		u, err := uuid.Parse(id)
		if err != nil || u.Version() != 8 || u.Variant() != uuid.RFC4122 || u.URN() != id {
			t.Fatalf("%s is no version 8 UUID in URN form: version %d, variant %s, error %v", id, u.Version(), u.Variant(), err)
		}
		key[0] ^= 1
		if _, _, ok := NewSealer(key).Open(id); ok {
			t.Fatalf("%s was opened with another key", id)
		}
	})
}

func TestSealedIDsAreUnique(t *testing.T) {
	s := NewSealer(testKey(7))
	seen := make(map[string]bool)
	for e := range Epoch(10) {
		for p := range Position(5000) {
			id := s.Seal(e, p+1).String()
			if seen[id] {
				t.Fatalf("epoch %d, position %d sealed as %s, which is taken", e, p+1, id)
			}
			seen[id] = true
		}
	}
}

// REPLAY-opaque-ids: neighbours must look unrelated, so that neither order nor
// count shows. Half of 122 bits differ on average.
func TestSealedIDsHideOrder(t *testing.T) {
	s := NewSealer(testKey(9))
	const n = 20000
	var ones [16][8]int
	differing := 0
	var last [16]byte
	for p := range Position(n) {
		u := uuid.MustParse(s.Seal(42, p+1).String())
		for i := range u {
			for bit := range 8 {
				ones[i][bit] += int(u[i] >> bit & 1)
				differing += int((u[i] ^ last[i]) >> bit & 1)
			}
		}
		last = u
	}
	if mean := float64(differing) / n; mean < 60 || mean > 62 {
		t.Errorf("consecutive ids differ in %.2f bits on average, want about 61", mean)
	}
	for i := range ones {
		for bit, count := range ones[i] {
			fixed := i == 6 && bit >= 4 || i == 8 && bit >= 6
			if share := float64(count) / n; !fixed && (share < 0.47 || share > 0.53) {
				t.Errorf("bit %d of byte %d is set in %.3f of all ids, want about half", bit, i, share)
			}
		}
	}
}

func TestForgedIDsAreRefused(t *testing.T) {
	s := NewSealer(testKey(3))
	id := s.Seal(5, 1234).String()
	refused := func(t *testing.T, forged string) {
		t.Helper()
		if e, p, ok := s.Open(forged); ok {
			t.Errorf("%q was opened as (%d, %d)", forged, e, p)
		}
	}
	t.Run("every change of one character", func(t *testing.T) {
		for i := range id {
			for c := range 256 {
				if byte(c) != id[i] {
					refused(t, id[:i]+string([]byte{byte(c)})+id[i+1:])
				}
			}
		}
	})
	t.Run("every two bits", func(t *testing.T) {
		raw := uuid.MustParse(id)
		for i := range 128 {
			for j := range i {
				forged := raw
				forged[i/8] ^= 1 << (i % 8)
				forged[j/8] ^= 1 << (j % 8)
				refused(t, forged.URN())
			}
		}
	})
	t.Run("every shorter and longer one", func(t *testing.T) {
		for i := range id {
			refused(t, id[:i])
		}
		refused(t, id+"0")
		refused(t, " "+id)
	})
	bare := strings.TrimPrefix(id, "urn:uuid:")
	for name, other := range map[string]string{
		"upper case":     strings.ToUpper(id),
		"upper digits":   "urn:uuid:" + strings.ToUpper(bare),
		"upper scheme":   "URN:UUID:" + bare,
		"braces":         "{" + bare + "}",
		"bare":           bare,
		"without dashes": "urn:uuid:" + strings.ReplaceAll(bare, "-", ""),
	} {
		t.Run("another spelling: "+name, func(t *testing.T) { refused(t, other) })
	}
	t.Run("random UUIDs", func(t *testing.T) {
		for range 10000 {
			u := uuid.New()
			u[6] = u[6]&15 | 8<<4
			refused(t, u.URN())
		}
	})
	t.Run("position zero", func(t *testing.T) { refused(t, s.Seal(5, 0).String()) })
}

// The permutation is checked against one written independently, on big-endian
// bit strings, so that a shift cannot be wrong in both directions.
func TestSealLayout(t *testing.T) {
	s := NewSealer(testKey(0))
	rapid.Check(t, func(t *rapid.T) {
		e, p := rapid.Uint32().Draw(t, "epoch"), rapid.Uint64Range(1, uint64(MaxPosition)).Draw(t, "position")
		bits := fmt.Sprintf("%032b%048b%042b", e, p, 0)
		left, right := bits[:61], bits[61:]
		for round := range uint64(6) {
			var in, out [16]byte
			binary.BigEndian.PutUint64(in[:], round)
			binary.BigEndian.PutUint64(in[8:], fromBits(right))
			s.round.Encrypt(out[:], in[:])
			f := binary.BigEndian.Uint64(out[8:]) << 3 >> 3
			left, right = right, fmt.Sprintf("%061b", fromBits(left)^f)
		}
		all := left + right
		all = all[:48] + "1000" + all[48:60] + "10" + all[60:]
		var u uuid.UUID
		binary.BigEndian.PutUint64(u[:8], fromBits(all[:64]))
		binary.BigEndian.PutUint64(u[8:], fromBits(all[64:]))
		if got := s.Seal(Epoch(e), Position(p)).String(); got != u.URN() {
			t.Fatalf("sealed as %s, want %s", got, u.URN())
		}
	})
}

func fromBits(s string) (n uint64) {
	for _, c := range s {
		n = n<<1 | uint64(c-'0')
	}
	return n
}

func TestSealAllocatesTheStringAlone(t *testing.T) {
	s := NewSealer(testKey(0))
	id := s.Seal(1, 1).String()
	if n := testing.AllocsPerRun(1000, func() { s.Seal(1, 2) }); n > 1 {
		t.Errorf("sealing allocates %v times, want the string alone", n)
	}
	if n := testing.AllocsPerRun(1000, func() { s.Open(id) }); n > 0 {
		t.Errorf("opening allocates %v times, want none", n)
	}
}

func BenchmarkSeal(b *testing.B) {
	s := NewSealer(testKey(0))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Seal(1, Position(i))
	}
}

func BenchmarkOpen(b *testing.B) {
	s := NewSealer(testKey(0))
	id := s.Seal(1, 1).String()
	b.ReportAllocs()
	for b.Loop() {
		s.Open(id)
	}
}
