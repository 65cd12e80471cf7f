package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"cinnabar/auth"
	"cinnabar/spec"
	"cinnabar/store"
)

// TestProblemOf goes through the table from errors to answers. Errors arrive
// wrapped.
func TestProblemOf(t *testing.T) {
	tests := map[string]struct {
		err        error
		status     int
		retryAfter bool
		challenged bool
	}{
		"fault":             {&spec.Fault{}, http.StatusBadRequest, false, false},
		"limit":             {&spec.Fault{TooLarge: true}, http.StatusRequestEntityTooLarge, false, false},
		"no token":          {&auth.Refusal{}, http.StatusUnauthorized, false, true},
		"refused token":     {&auth.Refusal{Code: auth.InvalidToken}, http.StatusUnauthorized, false, true},
		"misused token":     {&auth.Refusal{Code: auth.InvalidRequest}, http.StatusBadRequest, false, true},
		"missing grant":     {&notGranted{}, http.StatusForbidden, false, true},
		"foreign site":      {&crossSite{}, http.StatusForbidden, false, true},
		"slow body":         {&brokenBody{os.ErrDeadlineExceeded}, http.StatusRequestTimeout, false, false},
		"short body":        {&brokenBody{io.ErrUnexpectedEOF}, http.StatusBadRequest, false, false},
		"no room":           {errBusy, http.StatusServiceUnavailable, true, false},
		"too many streams":  {&shortageError{Connections}, http.StatusTooManyRequests, true, false},
		"no descriptors":    {&shortageError{Descriptors}, http.StatusServiceUnavailable, true, false},
		"no memory":         {&shortageError{Memory}, http.StatusServiceUnavailable, true, false},
		"no history":        {store.ErrUnavailable, http.StatusServiceUnavailable, true, false},
		"closed history":    {store.ErrClosed, http.StatusServiceUnavailable, true, false},
		"engine's limit":    {store.ErrTooLarge, http.StatusRequestEntityTooLarge, false, false},
		"client gone":       {context.Canceled, http.StatusServiceUnavailable, true, false},
		"unknown path":      {errNotFound, http.StatusNotFound, false, false},
		"unknown method":    {errMethodNotAllowed, http.StatusMethodNotAllowed, false, false},
		"anything uncalled": {errors.New("surprise"), http.StatusInternalServerError, false, false},
	}
	h := new(Hub)
	h.current.Store(&settings{Config: Config{}.withDefaults()})
	for name, test := range tests {
		p := h.problemOf(fmt.Errorf("doing something: %w", test.err))
		if p.Status != test.status || (p.retryAfter > 0) != test.retryAfter || p.challenged != test.challenged {
			t.Errorf("%s: status %d, Retry-After %t, challenge %t; want %d, %t, %t",
				name, p.Status, p.retryAfter > 0, p.challenged, test.status, test.retryAfter, test.challenged)
		}
	}
}
