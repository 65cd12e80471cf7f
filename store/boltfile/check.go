package boltfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// bbolt's page layout, in the byte order of the machine that wrote the file.
const (
	pageHeader  = 16 // id (8), flags (2), count (2), overflow (4)
	elementSize = 16
	// branch element: key offset (4), key size (4), page (8)
	// leaf element: flags (4), key offset (4), key size (4), value size (4)

	branchPage  = 1
	leafPage    = 2
	bucketEntry = 1 // a leaf element whose value is a bucket: root (8), sequence (8), perhaps a page
	bucketSize  = 16
)

// A checker visits every page of a file that its trees reach, before bbolt
// does: bbolt looks for free pages in a goroutine of its own, and a page that
// makes no sense would end the process there.
type checker struct {
	file     io.ReaderAt
	pageSize int
	reached  []bool // by page; its length is how many the file says it has

	// buffers hold the page being checked at each depth. What a subtree
	// returns points into one, and is looked at before the next is read.
	buffers [][]byte
}

// damaged is the error for a page.
func damaged(page uint64, what string) error {
	return &Damage{fmt.Sprintf("page %d: %s", page, what)}
}

// read returns a page and those it overflows into, which are now reached.
func (c *checker) read(id uint64, depth int) ([]byte, error) {
	if id < 2 || id >= uint64(len(c.reached)) {
		return nil, damaged(id, "out of bounds")
	}
	if depth == len(c.buffers) {
		c.buffers = append(c.buffers, make([]byte, c.pageSize))
	}
	page := c.buffers[depth][:c.pageSize]
	if _, err := c.file.ReadAt(page, int64(id)*int64(c.pageSize)); err != nil {
		return nil, damaged(id, err.Error())
	}
	overflow := uint64(binary.NativeEndian.Uint32(page[12:]))
	switch {
	case binary.NativeEndian.Uint64(page) != id:
		return nil, damaged(id, "stands for another")
	case id+overflow >= uint64(len(c.reached)):
		return nil, damaged(id, "is too long")
	}
	for i := id; i <= id+overflow; i++ {
		if c.reached[i] {
			return nil, damaged(i, "has two parents")
		}
		c.reached[i] = true
	}
	if overflow > 0 {
		page = slices.Grow(page, int(overflow)*c.pageSize)[:(1+int(overflow))*c.pageSize]
		c.buffers[depth] = page
		if _, err := c.file.ReadAt(page[c.pageSize:], int64(id+1)*int64(c.pageSize)); err != nil {
			return nil, damaged(id, err.Error())
		}
	}
	return page, nil
}

// tree checks the tree below a page, whose keys are at least from and, unless
// that is nil, less than to. It returns the largest.
func (c *checker) tree(id uint64, depth int, from, to []byte) (last []byte, err error) {
	page, err := c.read(id, depth)
	if err != nil {
		return nil, err
	}
	if binary.NativeEndian.Uint16(page[8:]) != branchPage {
		return c.leaf(id, depth, page, from, to)
	}
	count := int(binary.NativeEndian.Uint16(page[10:]))
	if count == 0 || pageHeader+count*elementSize > len(page) {
		return nil, damaged(id, "has no room for its elements")
	}
	key := func(i int) ([]byte, uint64, error) {
		at := pageHeader + i*elementSize
		e := page[at : at+elementSize]
		k, err := slice(page, at, binary.NativeEndian.Uint32(e), binary.NativeEndian.Uint32(e[4:]))
		return k, binary.NativeEndian.Uint64(e[8:]), err
	}
	last = from
	for i := range count {
		k, child, err := key(i)
		if err != nil || !inOrder(last, k, to, i > 0) {
			return nil, damaged(id, "has a key out of place")
		}
		end := to
		if i+1 < count {
			if end, _, err = key(i + 1); err != nil {
				return nil, damaged(id, "has a key out of place")
			}
		}
		if last, err = c.tree(child, depth+1, k, end); err != nil {
			return nil, err
		}
	}
	return last, nil
}

// leaf checks a leaf page, and the trees of the buckets in it.
func (c *checker) leaf(id uint64, depth int, page, from, to []byte) (last []byte, err error) {
	if len(page) < pageHeader || binary.NativeEndian.Uint16(page[8:]) != leafPage {
		return nil, damaged(id, "is of no known kind")
	}
	count := int(binary.NativeEndian.Uint16(page[10:]))
	if pageHeader+count*elementSize > len(page) {
		return nil, damaged(id, "has no room for its elements")
	}
	last = from
	for i := range count {
		at := pageHeader + i*elementSize
		e := page[at : at+elementSize]
		offset, keySize, valueSize := binary.NativeEndian.Uint32(e[4:]), binary.NativeEndian.Uint32(e[8:]), binary.NativeEndian.Uint32(e[12:])
		key, err := slice(page, at, offset, keySize)
		if err != nil || !inOrder(last, key, to, i > 0) {
			return nil, damaged(id, "has a key out of place")
		}
		last = key
		value, err := slice(page, at, offset+keySize, valueSize)
		if err != nil {
			return nil, damaged(id, "has a value out of place")
		}
		if binary.NativeEndian.Uint32(e)&bucketEntry == 0 {
			continue
		}
		if len(value) < bucketSize {
			return nil, damaged(id, "has half a bucket")
		}
		if root := binary.NativeEndian.Uint64(value); root != 0 {
			_, err = c.tree(root, depth+1, nil, nil)
		} else {
			_, err = c.leaf(id, depth, value[bucketSize:], nil, nil)
		}
		if err != nil {
			return nil, err
		}
	}
	return last, nil
}

// slice returns size bytes at an offset from an element.
func slice(page []byte, element int, offset, size uint32) ([]byte, error) {
	from := uint64(element) + uint64(offset)
	to := from + uint64(size)
	if offset > 1<<31 || to > uint64(len(page)) {
		return nil, io.ErrUnexpectedEOF
	}
	return page[from:to:to], nil
}

// inOrder reports whether a key may follow last, strictly or not, before to.
func inOrder(last, key, to []byte, strictly bool) bool {
	if order := bytes.Compare(last, key); order > 0 || order == 0 && strictly {
		return false
	}
	return to == nil || bytes.Compare(key, to) < 0
}
