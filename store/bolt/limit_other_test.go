//go:build !unix

package bolt

// limitedChild belongs to a test that needs Unix.
func limitedChild() bool { return false }
