package cli

import (
	"fmt"
	"time"
)

// moment reads a point in time: how long ago it was, or when.
func moment(to *time.Time) func([]string) error {
	return func(v []string) error {
		if ago, err := parseDuration(v[0]); err == nil {
			*to = time.Now().Add(-ago)
			return nil
		}
		if date(to)(v) != nil {
			return fmt.Errorf("%q is neither a duration such as 10m or 30d nor a time such as 2027-06-30T12:00:00Z", v[0])
		}
		return nil
	}
}
