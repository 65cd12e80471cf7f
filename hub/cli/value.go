package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The functions below make the put of an option: they parse its values into
// the variable they are given. Options that are not lists get one value.

func text(to *string) func([]string) error {
	return func(v []string) error { *to = v[0]; return nil }
}

func list(to *[]string) func([]string) error {
	return func(v []string) error { *to = v; return nil }
}

func toggle(to *bool) func([]string) error {
	return func(v []string) error {
		b, err := strconv.ParseBool(v[0])
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", v[0])
		}
		*to = b
		return nil
	}
}

// oneOf accepts the words alone.
func oneOf(to *string, words ...string) func([]string) error {
	return func(v []string) error {
		if !slices.Contains(words, v[0]) {
			return fmt.Errorf("%q is none of %s", v[0], strings.Join(words, ", "))
		}
		*to = v[0]
		return nil
	}
}

// choice accepts the words that the values are called by.
func choice[T fmt.Stringer](to *T, values ...T) func([]string) error {
	return func(v []string) error {
		words := make([]string, len(values))
		for i, value := range values {
			if words[i] = value.String(); words[i] == v[0] {
				*to = value
				return nil
			}
		}
		return fmt.Errorf("%q is none of %s", v[0], strings.Join(words, ", "))
	}
}

// material reads key material: the text itself, or @FILE, whose last line
// break is not part of it.
func material(to *string) func([]string) error {
	return func(v []string) error {
		path, isFile := strings.CutPrefix(v[0], "@")
		if !isFile {
			*to = v[0]
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading the key: %w", err)
		}
		*to = strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
		if *to == "" {
			return fmt.Errorf("the key file %s is empty", path)
		}
		return nil
	}
}

func count[T int | int64](to *T, least T) func([]string) error {
	return func(v []string) error {
		n, err := strconv.ParseInt(v[0], 10, strconv.IntSize)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", v[0])
		}
		if T(n) < least {
			return fmt.Errorf("%d is less than %d", n, least)
		}
		*to = T(n)
		return nil
	}
}

func duration(to *time.Duration) func([]string) error {
	return func(v []string) error {
		d, err := parseDuration(v[0])
		*to = d
		return err
	}
}

// parseDuration reads 20s, 1h30m, 500ms, 30d; 0 needs no unit.
func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && n >= 0 && n <= math.MaxInt64/int(24*time.Hour) {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	} else if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return d, nil
	}
	return 0, fmt.Errorf("%q is not a duration such as 500ms, 20s, 1h30m or 30d", s)
}

func date(to *time.Time) func([]string) error {
	return func(v []string) error {
		var err error
		for _, layout := range []string{time.DateOnly, time.RFC3339} {
			if *to, err = time.Parse(layout, v[0]); err == nil {
				return nil
			}
		}
		return fmt.Errorf("%q is not a date such as 2027-06-30 or 2027-06-30T12:00:00Z", v[0])
	}
}

func size(to *int64, least int64) func([]string) error {
	return func(v []string) error {
		n, err := parseSize(v[0])
		if err == nil && n < least {
			err = fmt.Errorf("%d bytes are less than %d", n, least)
		}
		*to = n
		return err
	}
}

var units = []struct {
	suffix string
	bytes  int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
	{"B", 1}, {"", 1},
}

var errSize = errors.New("not a size such as 65536, 512KiB, 4MiB or 1GiB")

func parseSize(s string) (int64, error) {
	for _, u := range units {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/u.bytes {
			break
		}
		return n * u.bytes, nil
	}
	return 0, fmt.Errorf("%q is %w", s, errSize)
}
