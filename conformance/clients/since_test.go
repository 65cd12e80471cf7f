package clients

import (
	"net/url"
	"testing"
	"time"
)

// TestSinceAfterKill: a stream that begins at a time begins there also when the
// hub was killed since, in both generations.
func TestSinceAfterKill(t *testing.T) {
	h := newHub(t, "--anonymous")
	publish := func(data string) { h.publish(url.Values{"topic": {book}, "data": {data}}) }
	publish("before")
	time.Sleep(10 * time.Millisecond) // entries know their time to the millisecond
	since := time.Now().UTC()
	publish("1")
	h.kill()
	h.start()
	publish("2")
	h.kill()
	h.start()
	for _, query := range []url.Values{{"topic": {book}}, {"match": {book}}} {
		query.Set("since", since.Format(time.RFC3339Nano))
		s := subscribe(t, h.url()+"?"+query.Encode(), "")
		publish("the end")
		got := s.until(t, "the end")
		if len(got) < 2 || got[0].Data != "1" || got[1].Data != "2" {
			t.Errorf("since %v, with two kills after it, a stream holds %+v; want 1 and 2 first", since, got)
		}
	}
}
