package main

import (
	"net/http"
	"net/url"
	"strings"
)

// defaultPath is where a hub is unless its operator chose another place.
const defaultPath = "/.well-known/mercure"

// discoveryCases: where the hub is, and what it carries unread.
var discoveryCases = []Case{
	{
		ID:    "DISC-default-path",
		Needs: []Need{Anonymous},
		Run:   (*T).isAtDefaultPath,
	},
	{
		ID:    "DISC-0x-path",
		Needs: []Need{Anonymous},
		Run:   (*T).isAtDefaultPath,
	},
	{
		ID:    "ENC-opaque",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe(t.SubscriberToken(), topic)
			for _, private := range [][]string{nil, {"private", "on"}} {
				for what, data := range encrypted {
					id := t.Publish(append([]string{"topic", topic, "data", data}, private...)...)
					if e := s.Next(); e.ID != id || e.Data != data {
						t.Errorf("%s: event %q has the data %q, want %q unchanged", what, e.ID, short(e.Data), short(data))
					}
				}
			}
		},
	},
}

// encrypted is data that a hub cannot read: RFC 7516, A.2, direct encryption,
// where a part is empty, and the JSON serialization, with the line breaks and
// the order of members that it was given.
var encrypted = map[string]string{
	"a JWE in compact serialization": "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0." +
		"UGhIOguC7IuEvf_NPVaXsGMoLOmwvc1GyqlIKOK1nN94nHPoltGRhWhw7Zx0-kFm1NJn8LE9XShH59_i8J0PH5ZZyNfGy2xGdULU7sHNF6Gp2vPLgNZ__deLKxGHZ7Pc" +
		"HALUzoOegEI-8E66jX2E4zyJKx-YxzZIItRzC5hlRirb6Y5Cl_p-ko3YvkkysZIFNPccxRU7qve1WYPxqbb2Yw8kZqa2rMWI5ng8OtvzlV7elprCbuPhcCdZ6XDP0_F8" +
		"rkXds2vE4X-ncOIM8hAYHHi29NX0mcKiRaD0-D-ljQTP-cFPgwCp6X-nZZd9OHBv-B3oWh2TbqmScqXMR4gp_A." +
		"AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.9hH0vgRfYgPnAHOd8stkvw",
	"a JWE with an empty key": "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6ji.XFBoMYUZodetZdvTiFvSkQ",
	"a JWE in JSON":           "{\n \"protected\":\"eyJlbmMiOiJBMTI4R0NNIn0\",\n \"tag\": \"XFBoMYUZodetZdvTiFvSkQ\" ,\"ciphertext\":\"KDlTtXchhZTGuf-_==\"}",
}

// isAtDefaultPath asserts that there, and nowhere else, requests are served.
func (t *T) isAtDefaultPath() {
	hub, err := url.Parse(t.Hub)
	if err != nil {
		t.Fatalf("the URL %q: %v", t.Hub, err)
	}
	hub.Path = defaultPath
	v := t.at(hub)
	v.WantStatus("subscribing at "+defaultPath, v.Do(Request{Query: v.Topics(v.Topic("a"))}), http.StatusOK)
	v.WantStatus("publishing at "+defaultPath, v.Post(v.PublisherToken(), Form("topic", v.Topic("a"))), http.StatusOK)
	elsewhere := v.Do(Request{At: strings.TrimSuffix(defaultPath, "e"), Query: v.Topics(v.Topic("a"))})
	if elsewhere.Status == http.StatusOK {
		t.Errorf("subscribing at %s: status 200, want none of a hub's", strings.TrimSuffix(defaultPath, "e"))
	}
}
