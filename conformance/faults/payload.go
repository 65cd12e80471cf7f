package faults

import (
	"fmt"
	"strconv"
	"strings"
)

// A payload names the publish it belongs to and proves its own integrity: the
// key, which ends in the payload's size, is repeated until that size is
// reached. Two payloads mixed or one cut short are therefore noticed.
func payload(key string) string {
	size, ok := sizeOf(key)
	if !ok {
		panic(fmt.Sprintf("faults: %q is no payload key", key))
	}
	return strings.Repeat(key+" ", size/(len(key)+1)+1)[:size]
}

// payloadKey returns the key of the n-th publish of a publisher. Sizes too
// small for the key itself are raised to hold it.
func payloadKey(publisher string, n, size int) string {
	prefix := fmt.Sprintf("%s/%d/", publisher, n)
	return prefix + strconv.Itoa(max(size, len(prefix)+len("1000000000 ")))
}

// readPayload returns the key of an intact payload.
func readPayload(data string) (key string, intact bool) {
	key, _, _ = strings.Cut(data, " ")
	if size, ok := sizeOf(key); !ok || size != len(data) {
		return key, false
	}
	return key, data == payload(key)
}

func sizeOf(key string) (int, bool) {
	size, err := strconv.Atoi(key[strings.LastIndexByte(key, '/')+1:])
	return size, err == nil && size > len(key)
}
