//go:build !linux

package faults

import (
	"errors"
	"math"
)

const canLimitFiles = false

const noLimit = math.MaxUint64

func limitFiles(int, uint64) error { return errors.ErrUnsupported }
