//go:build linux || darwin

package bolt

import (
	"io/fs"
	"os"
	"syscall"
)

// freeSpace returns how many bytes a folder's volume has left for this process.
func freeSpace(folder string) (bytes int64, known bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(folder, &s) != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}

// keepOwner gives a file the mode and the owner of another, which it is going to
// replace: whoever compacts need not be who runs the hub.
func keepOwner(path string, as fs.FileInfo) error {
	if s, ok := as.Sys().(*syscall.Stat_t); ok {
		own, err := os.Stat(path)
		if err != nil {
			return err
		}
		if o, ok := own.Sys().(*syscall.Stat_t); ok && (o.Uid != s.Uid || o.Gid != s.Gid) {
			if err := os.Chown(path, int(s.Uid), int(s.Gid)); err != nil {
				return err
			}
		}
	}
	return os.Chmod(path, as.Mode().Perm())
}
