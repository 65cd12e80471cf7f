package hub_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cinnabar/auth"
	"cinnabar/hub"
	"cinnabar/hub/hubtest"
	"cinnabar/spec"
	"cinnabar/store"
)

// TestMatched: a publisher that asks is told how many live subscribers its
// update was queued for; nothing else about the answer changes.
func TestMatched(t *testing.T) {
	h := hubtest.Start(t)
	granted := h.Sign(hubtest.Token{Subscribe: []string{"*"}})
	streams := []*hubtest.Stream{
		h.Subscribe("match=a&match=b", ""), // two topics of an update, one stream
		h.Subscribe("topic=a", granted),
		h.Subscribe("match=other", ""),
	}
	for _, test := range []struct{ name, form, prefer, want string }{
		{"two streams", "topic=a&topic=b", "cinnabar-matched", "2"},
		{"private", "topic=a&private=on", "respond-async, Cinnabar-Matched;x=1", "1"},
		{"nobody", "topic=c", "cinnabar-matched", "0"},
		{"other preferences", "topic=a", "return=minimal", ""},
		{"not asked", "topic=a", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := publishRequest(h, strings.NewReader(test.form))
			if test.prefer != "" {
				r.Header.Set("Prefer", test.prefer)
			}
			answer, err := h.Client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			id, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			if ct := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || ct != "text/plain; charset=utf-8" || !strings.HasPrefix(string(id), "urn:uuid:") {
				t.Errorf("PUB-200: %s, %s: %s", answer.Status, ct, id)
			}
			applied := ""
			if test.want != "" {
				applied = "cinnabar-matched"
			}
			if got, said := answer.Header.Get("Cinnabar-Matched"), answer.Header.Get("Preference-Applied"); got != test.want || said != applied {
				t.Errorf("Cinnabar-Matched: %q, Preference-Applied: %q; want %q and %q", got, said, test.want, applied)
			}
		})
	}
	streams[0].Next() // the count is of those who get it
	streams[1].Next()
}

// A log that nobody can follow holds the dispatcher up.
type unfollowed struct{ store.Log }

func (unfollowed) Follow(ctx context.Context, _ store.Position, _ func([]store.Entry)) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestMatchedIsNotWaitedForLong: whoever asks has published all the same when
// the dispatcher is held up, and whoever does not ask waits for nothing.
func TestMatchedIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key, err := auth.ParseKey(hubtest.PublisherSecret, "HS256")
		if err != nil {
			t.Fatal(err)
		}
		h, err := hub.New(hub.Config{Log: unfollowed{newMoody(t)}, PublisherKey: key, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close(context.Background())
		for prefer, want := range map[string]time.Duration{"cinnabar-matched": time.Second, "": 0} {
			r := httptest.NewRequest(http.MethodPost, spec.WellKnownPath, strings.NewReader("topic=a"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Authorization", "Bearer "+hubtest.Sign(t, "", hubtest.Token{Publish: []string{"*"}}))
			r.Header.Set("Prefer", prefer)
			answer := httptest.NewRecorder()
			start := time.Now()
			h.ServeHTTP(answer, r)
			took := time.Since(start)
			if answer.Code != http.StatusOK || took != want || answer.Header().Get("Cinnabar-Matched") != "" || answer.Header().Get("Preference-Applied") != "" {
				t.Errorf("Prefer: %s: status %d after %v, %v; want 200 after %v without a count", prefer, answer.Code, took, answer.Header(), want)
			}
		}
	})
}
