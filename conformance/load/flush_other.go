//go:build !linux

package load

import "os"

func flush(f *os.File) error { return f.Sync() }
