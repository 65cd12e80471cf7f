//go:build !linux && !darwin

package bolt

import (
	"io/fs"
	"os"
)

// freeSpace is not known here: copying ends when writing fails.
func freeSpace(string) (bytes int64, known bool) { return 0, false }

// keepOwner gives a file the mode of another.
func keepOwner(path string, as fs.FileInfo) error { return os.Chmod(path, as.Mode().Perm()) }
