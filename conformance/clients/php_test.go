package clients

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"os/exec"
	"slices"
	"testing"
)

// TestSymfony publishes as applications built on Symfony's Mercure component
// do, and looks at what subscribers are given.
func TestSymfony(t *testing.T) {
	need(t, php, symfony)
	const topic, alternate = "https://example.com/books/1", "https://example.com/authors/7"
	type update struct {
		Topics  []string `json:"topics"`
		Data    string   `json:"data"`
		Private bool     `json:"private,omitempty"`
		ID      string   `json:"id,omitempty"`
		Type    string   `json:"type,omitempty"`
		Retry   int      `json:"retry,omitempty"`
	}
	updates := []update{
		{Topics: []string{topic}, Data: `{"title":"Über + & = ü"}`},
		{Topics: []string{topic, alternate}, Data: "private", Private: true},
		{Topics: []string{alternate, topic}, Data: "under both topics\nand two lines", Type: "notice", Retry: 2500},
		{Topics: []string{topic}, Data: "private, under its own id", ID: "urn:example:symfony", Private: true},
		{Topics: []string{topic}, Data: ""},
		{Topics: []string{topic}, Data: "the end"},
	}

	h := newHub(t, "--anonymous")
	at := h.url() + "?" + url.Values{"topic": {topic}}.Encode()
	granted := subscribe(t, at, token(t, claims{Subscribe: []string{topic}}))
	elsewhere := subscribe(t, at, token(t, claims{Subscribe: []string{"https://example.com/films/1"}}))
	anonymous := subscribe(t, at, "")

	input, err := json.Marshal(updates)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("php", "publish.php", h.url(), token(t, claims{Publish: []string{"*"}}))
	command.Stdin = bytes.NewReader(input)
	command.Stderr = t.Output()
	output, err := command.Output()
	if err != nil {
		t.Fatalf("PUB-0x-success: Symfony could not publish: %v\n%s", err, output)
	}
	var ids []string
	if err := json.Unmarshal(output, &ids); err != nil || len(ids) != len(updates) {
		t.Fatalf("PUB-body-id: want %d ids, got %s (%v)", len(updates), output, err)
	}

	var all, public []event
	for i, u := range updates {
		e := event{ID: ids[i], Type: cmp.Or(u.Type, "message"), Data: u.Data}
		if u.ID != "" && u.ID != ids[i] {
			t.Errorf("PUB-id-used: published with id %q, answered %q", u.ID, ids[i])
		}
		all = append(all, e)
		if !u.Private {
			public = append(public, e)
		}
	}
	if got := granted.until(t, "the end"); !slices.Equal(got, all) {
		t.Errorf("PUB-body-id, SSE-data: a granted subscriber got\n     %+v\nwant %+v", got, all)
	}
	for who, s := range map[string]*stream{"anonymous": anonymous, "granted something else": elsewhere} {
		if got := s.until(t, "the end"); !slices.Equal(got, public) {
			t.Errorf("AUTH-anonymous-public-only, PUB-private-on: a subscriber %s got\n     %+v\nwant %+v", who, got, public)
		}
	}
}
