package storetest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cinnabar/spec"
	"cinnabar/store"
)

// Benchmark measures an engine: appends by several publishers at each
// durability, cursors, and replay.
func Benchmark(b *testing.B, place func(testing.TB) Place) {
	body := strings.Repeat("x", 400)
	for _, want := range []store.Durability{store.Disk, store.OS, store.Memory} {
		for _, publishers := range []int{1, 64, 256} {
			b.Run(fmt.Sprintf("append/%v/%d", want, publishers), func(b *testing.B) {
				log := mustOpen(b, place(b), store.Retention{})
				u := Update(b, body)
				b.ReportAllocs()
				var wg sync.WaitGroup
				var turns atomic.Int64
				b.ResetTimer()
				for range publishers {
					wg.Go(func() {
						for turns.Add(1) <= int64(b.N) {
							if _, err := log.Append(background, want, u); err != nil {
								b.Error(err)
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "publishes/s")
			})
		}
	}
	const entries = 100_000
	log := mustOpen(b, place(b), store.Retention{})
	u := Update(b, body)
	var ids []string
	for range entries / 100 {
		updates := make([]*spec.Update, 100)
		for i := range updates {
			updates[i] = u
		}
		ids = append(ids, mustAppendAs(b, log, store.OS, updates...)[0].ID.String())
	}
	b.Run("find", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := log.Find(background, ids[i%len(ids)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			for after := store.Position(0); ; {
				c, err := log.Read(background, after, 256<<10)
				if err != nil {
					b.Fatal(err)
				}
				if len(c.Entries) == 0 {
					break
				}
				n += len(c.Entries)
				after = c.Through
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/entry")
	})
}
