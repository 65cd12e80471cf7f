//go:build !linux

package fanout

import "errors"

// newPoller has nothing to offer here: all streams are portable.
func newPoller() (poller, error) { return nil, errors.ErrUnsupported }
