package spec

import (
	"fmt"
	"sync"
	"testing"
)

// A weight is a program of a known size, which tells whose it is.
type weight struct {
	topic string
	bytes int
}

func (w weight) match(topic string) bool { return topic == w.topic }
func (w weight) size() int               { return w.bytes }

func keyOf(text string) compiledKey { return compiledKey{SelectorKey: SelectorKey{Template, text}} }

func TestCacheIsBounded(t *testing.T) {
	c := cache{limit: 10}
	for i := range 100 {
		key := keyOf(fmt.Sprint(i))
		c.put(key, weight{key.Text, 3})
		if c.get(key) == nil {
			t.Fatalf("what was put last, %d, is not held", i)
		}
		if c.held > c.limit || c.held != 3*len(c.entries) || len(c.entries) != len(c.clock) {
			t.Fatalf("after %d programs of 3 bytes: %d entries, %d on the clock, %d bytes of %d",
				i+1, len(c.entries), len(c.clock), c.held, c.limit)
		}
	}
	c.put(keyOf("large"), weight{"large", 1000})
	if len(c.entries) != 1 || c.get(keyOf("large")) == nil {
		t.Error("one program beyond the limit is not held alone")
	}
}

func TestCacheKeepsWhatIsUsed(t *testing.T) {
	c := cache{limit: 10}
	c.put(keyOf("hot"), weight{"hot", 1})
	for i := range 1000 {
		if c.get(keyOf("hot")) == nil {
			t.Fatalf("a program used at every step was forgotten at step %d", i)
		}
		c.put(keyOf(fmt.Sprint(i)), weight{"", 1})
	}
}

// However many large programs come, those of usual size stay.
func TestLargeProgramsStandApart(t *testing.T) {
	p := programs{usual: cache{limit: 10 * largeProgram}, large: cache{limit: 10 * largeProgram}}
	p.put(keyOf("usual"), weight{"usual", largeProgram - 1})
	for i := range 100 {
		key := keyOf(fmt.Sprint(i))
		p.put(key, weight{key.Text, largeProgram})
		if found := p.get(key); found == nil || !found.match(key.Text) {
			t.Fatalf("what was put last, %d, is not held", i)
		}
	}
	if p.get(keyOf("usual")) == nil {
		t.Error("large programs have pushed out another")
	}
}

// No text is another's key, whatever the kind and the base, so that nobody can
// plant a program for somebody else's selector.
func TestCacheKeysDoNotCollide(t *testing.T) {
	c := cache{limit: 1 << 20}
	keys := []compiledKey{
		{SelectorKey{Template, "a"}, ""},
		{SelectorKey{Pattern, "a"}, ""},
		{SelectorKey{Pattern, "a"}, "b"},
		{SelectorKey{Pattern, "ab"}, ""},
		{SelectorKey{Pattern, ""}, "ab"},
		{SelectorKey{Pattern, "a\x00b"}, ""},
		{SelectorKey{Pattern, "b"}, "a"},
	}
	for i, key := range keys {
		c.put(key, weight{fmt.Sprint(i), 1})
	}
	for i, key := range keys {
		if p := c.get(key); p == nil || !p.match(fmt.Sprint(i)) {
			t.Errorf("key %d finds %v", i, p)
		}
	}
}

func TestCacheIsSafeForConcurrentUse(t *testing.T) {
	c := cache{limit: 16}
	var users sync.WaitGroup
	for user := range 8 {
		users.Go(func() {
			for i := range 500 {
				key := keyOf(fmt.Sprint((i * (user + 1)) % 37))
				p := c.get(key)
				if p == nil {
					p = weight{key.Text, 1}
					c.put(key, p)
				}
				if !p.match(key.Text) {
					t.Errorf("%q finds the program of %v", key.Text, p)
				}
			}
		})
	}
	users.Wait()
	if c.held > c.limit {
		t.Errorf("%d of %d bytes held", c.held, c.limit)
	}
}
