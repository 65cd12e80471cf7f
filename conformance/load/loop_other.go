//go:build !linux

package load

import (
	"context"
	"errors"
	"io"
)

func serveLoop(context.Context, io.Writer) error { return errors.ErrUnsupported }
