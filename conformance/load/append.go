package load

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// appendRate is the yardstick for durable publishes: how often a second one
// writer can append a record to a file and flush it.
func appendRate(folder string, record []byte, d time.Duration) (perSecond float64, err error) {
	f, err := os.Create(filepath.Join(folder, "yardstick"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	began := time.Now()
	for n := 1; ; n++ {
		if _, err := f.Write(record); err != nil {
			return 0, fmt.Errorf("appending: %w", err)
		}
		if err := flush(f); err != nil {
			return 0, fmt.Errorf("flushing: %w", err)
		}
		if took := time.Since(began); took >= d {
			return float64(n) / took.Seconds(), nil
		}
	}
}
