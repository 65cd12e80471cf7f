package memory_test

import (
	"testing"

	"cinnabar/store"
	"cinnabar/store/memory"
	"cinnabar/store/storetest"
)

func place(testing.TB) storetest.Place {
	return storetest.Place{Open: func(r store.Retention) (storetest.Engine, error) { return memory.Open(memory.Options(r)) }}
}

func TestLog(t *testing.T) { storetest.Run(t, place) }

func BenchmarkLog(b *testing.B) { storetest.Benchmark(b, place) }
