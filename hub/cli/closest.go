package cli

import "fmt"

// unknown is the error for a name nobody knows. It names the closest known
// one, unless nothing is close.
func unknown(kind, name string, known []string) error {
	if near, ok := closest(name, known); ok {
		return fmt.Errorf("unknown %s %s: did you mean %s?", kind, name, near)
	}
	return fmt.Errorf("unknown %s %s", kind, name)
}

// closest returns the known name with the smallest edit distance, when at
// least half of the name is right.
func closest(name string, known []string) (near string, ok bool) {
	best := len(name)/2 + 1
	for _, k := range known {
		if d := distance(name, k); d < best {
			near, best, ok = k, d, true
		}
	}
	return near, ok
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
