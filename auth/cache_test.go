package auth

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"cinnabar/spec"
)

func TestCacheKeepsWhatIsUsed(t *testing.T) {
	var c cache
	g := new(Grants)
	const tokenBytes = 1 << 10
	full := halfCache / (tokenBytes + entryBytes)
	used := cacheKeyOf("used", Publisher)
	unused := cacheKeyOf("unused", Publisher)
	c.put(used, g, tokenBytes)
	c.put(unused, g, tokenBytes)
	for i := range 4 * full {
		c.put(cacheKeyOf(fmt.Sprint(i), Subscriber), g, tokenBytes)
		if found, ok := c.get(used); !ok || found != g {
			t.Fatalf("after %d entries one in steady use is gone", i)
		}
		if kept := len(c.young) + len(c.old); kept > 2*full {
			t.Fatalf("%d entries, more than %d", kept, 2*full)
		}
	}
	if _, ok := c.get(unused); ok {
		t.Error("an entry nobody asked for outlived two turns")
	}
}

// TestCacheIsBounded: also for tokens that grant as much as fits into them.
func TestCacheIsBounded(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for name, entry := range map[string]func(i int) string{
		"exact":     func(i int) string { return fmt.Sprint(i) },
		"templates": func(i int) string { return fmt.Sprintf("a%d/{b}", i) },
	} {
		t.Run(name, func(t *testing.T) {
			var c cache
			before := heap()
			for i := range 500 {
				var selectors []*spec.Selector
				tokenBytes := 0
				for j := 0; tokenBytes < maxToken; j++ {
					sel, err := spec.ParseTopicSelector(entry(10000*i + j))
					if err != nil {
						t.Fatal(err)
					}
					selectors = append(selectors, sel)
					tokenBytes += len(sel.String()) + 8 // in JSON, in base64
				}
				c.put(cacheKeyOf(fmt.Sprint(i), Subscriber), &Grants{subscribe: spec.SetOf(selectors)}, tokenBytes)
			}
			if kept := heap() - before; kept > 3*halfCache {
				t.Errorf("%d entries keep %d bytes, want about %d", len(c.young)+len(c.old), kept, 2*halfCache)
			}
			runtime.KeepAlive(&c)
		})
	}
}

func TestCacheTellsRolesApart(t *testing.T) {
	var c cache
	c.put(cacheKeyOf("token", Publisher), new(Grants), 1)
	if _, ok := c.get(cacheKeyOf("token", Subscriber)); ok {
		t.Error("a token verified as a publisher's is known as a subscriber's (AUTH-keys-per-role)")
	}
}

func TestCacheIsSafeForConcurrentUse(t *testing.T) {
	var c cache
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			for i := range 1000 {
				k := cacheKeyOf(fmt.Sprint(i%50), Publisher)
				if _, ok := c.get(k); !ok {
					c.put(k, new(Grants), halfCache/40)
				}
			}
		})
	}
	running.Wait()
}
