package clients

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestOldAndNewSideBySide: an application on Symfony's component publishes
// with 0.x tokens while a new service does with 1.0 tokens. Subscribers of
// either generation get what both publish, private updates included, each once
// and in the order of the hub.
func TestOldAndNewSideBySide(t *testing.T) {
	need(t, php, symfony)
	const each = 25
	h := newHub(t, "--anonymous", "--resource-identifier", resourceIdentifier, "--trusted-issuers", issuer)
	old := subscribe(t, h.url()+"?"+url.Values{"topic": {"https://example.com/books/{id}"}}.Encode(), token(t, claims{Subscribe: []string{"*"}}))
	current := subscribe(t, h.url()+"?"+url.Values{"match_urlpattern": {"https://example.com/books/:id"}}.Encode(), accessToken(t, book))

	var updates []map[string]any
	for i := range each {
		updates = append(updates, map[string]any{"topics": []string{book}, "data": fmt.Sprintf("old %d", i), "private": i%2 == 0})
	}
	input, err := json.Marshal(updates)
	if err != nil {
		t.Fatal(err)
	}
	symfony := exec.Command("php", "publish.php", h.url(), token(t, claims{Publish: []string{"*"}}))
	symfony.Stdin, symfony.Stderr = bytes.NewReader(input), t.Output()
	var output bytes.Buffer
	symfony.Stdout = &output
	if err := symfony.Start(); err != nil {
		t.Fatalf("starting PHP: %v", err)
	}
	published := make(map[string]string) // data by id
	bearer := publisherAccessToken(t)
	for i := range each {
		fields := url.Values{"topic": {book}, "data": {fmt.Sprintf("new %d", i)}}
		if i%2 == 0 {
			fields.Set("private", "on")
		}
		published[h.publishAs(bearer, fields)] = fields.Get("data")
	}
	if err := symfony.Wait(); err != nil {
		t.Fatalf("PUB-0x-success: Symfony could not publish: %v\n%s", err, output.Bytes())
	}
	var ids []string
	if err := json.Unmarshal(output.Bytes(), &ids); err != nil || len(ids) != each {
		t.Fatalf("PUB-body-id: want %d ids, got %s (%v)", each, output.Bytes(), err)
	}
	for i, id := range ids {
		published[id] = fmt.Sprintf("old %d", i)
	}
	h.publishAs(bearer, url.Values{"topic": {book}, "data": {"the end"}})

	seen := old.until(t, "the end")
	if got := current.until(t, "the end"); !slices.Equal(got, seen) {
		t.Errorf("REPLAY-order-gapless: a 1.0 subscriber got\n     %+v\na 0.x one got\n     %+v", got, seen)
	}
	if len(seen) != 2*each+1 {
		t.Errorf("SUB-any-of, SUB-0x-any-of: %d events, want %d", len(seen), 2*each+1)
	}
	for _, e := range seen[:len(seen)-1] {
		if want, ok := published[e.ID]; !ok || want != e.Data {
			t.Errorf("PUB-body-id: event %q carries %q, its publish was answered for %q", e.ID, e.Data, want)
		}
	}
	// Each publisher's updates in its own order.
	for _, who := range []string{"old", "new"} {
		next := 0
		for _, e := range seen {
			if strings.HasPrefix(e.Data, who+" ") {
				if want := fmt.Sprintf("%s %d", who, next); e.Data != want {
					t.Errorf("REPLAY-order-gapless: got %q, want %q", e.Data, want)
				}
				next++
			}
		}
	}
}
