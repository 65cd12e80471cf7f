package bolt

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"cinnabar/store"
	"cinnabar/store/storetest"
)

var background = context.Background()

func place(t testing.TB) storetest.Place { return placeAt(filepath.Join(t.TempDir(), "hub.db")) }

func placeAt(path string) storetest.Place {
	return storetest.Place{
		Open: func(r store.Retention) (storetest.Engine, error) { return Open(path, Options(r)) },
		Backup: func(t testing.TB) storetest.Place {
			t.Helper()
			copied := filepath.Join(t.TempDir(), "hub.db")
			b, err := os.ReadFile(path)
			if err == nil {
				// The file grows ahead of its contents: keep the hole.
				err = os.WriteFile(copied, bytes.TrimRight(b, "\x00"), 0o600)
			}
			if err == nil {
				err = os.Truncate(copied, int64(len(b)))
			}
			if err != nil {
				t.Fatalf("copying the history: %v", err)
			}
			return placeAt(copied)
		},
	}
}

func TestLog(t *testing.T) { storetest.Run(t, place) }

func BenchmarkLog(b *testing.B) { storetest.Benchmark(b, place) }
