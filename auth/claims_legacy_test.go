package auth_test

import (
	"testing"

	"cinnabar/auth"
)

func TestLegacyClaims(t *testing.T) {
	c := config(t)
	c.MaxDetails = 3
	a := newAuthenticator(t, c)
	for name, test := range map[string]struct {
		claims  string
		topics  []string
		publish string // the topic refused, "" for none
		receive bool
		payload string
		want    auth.Reason
	}{
		"AUTH-0x-publish-claim/no claim":       {`{}`, []string{"a"}, "a", false, "", ""},
		"AUTH-0x-publish-claim/no member":      {`{"mercure":{}}`, []string{"a"}, "a", false, "", ""},
		"AUTH-0x-publish-claim/PHP's empty":    {`{"mercure":[]}`, []string{"a"}, "a", false, "", ""},
		"AUTH-0x-publish-claim/null":           {`{"mercure":null}`, []string{"a"}, "a", false, "", ""},
		"AUTH-0x-publish-claim/list":           {`{"mercure":{"publish":["a"]}}`, []string{"a"}, "", false, "", ""},
		"AUTH-0x-publish-claim/wildcard":       {`{"mercure":{"publish":["*"]}}`, []string{"a", "http://["}, "", false, "", ""},
		"AUTH-0x-publish-claim/member null":    {`{"mercure":{"publish":null}}`, []string{"a"}, "a", false, "", ""},
		"AUTH-0x-publish-claim/namespaced":     {`{"https://mercure.rocks/":{"publish":["a"],"subscribe":["a"]}}`, []string{"a"}, "", true, "", ""},
		"AUTH-0x-publish-claim/plain one wins": {`{"https://mercure.rocks/":{"publish":["a"]},"mercure":{"publish":["b"]}}`, []string{"a"}, "a", false, "", ""},
		"AUTH-0x-publish-claim/letter case":    {`{"Mercure":{"publish":["a"]}}`, []string{"a"}, "a", false, "", ""},
		"AUTH-0x-publish-claim/member's case":  {`{"mercure":{"Publish":["a"]}}`, []string{"a"}, "a", false, "", ""},
		"AUTH-0x-publish-claim/string":         {`{"mercure":"*"}`, nil, "", false, "", auth.InvalidGrant},
		"AUTH-0x-publish-claim/full array":     {`{"mercure":["publish"]}`, nil, "", false, "", auth.InvalidGrant},
		"AUTH-0x-publish-claim/no list":        {`{"mercure":{"publish":"*"}}`, nil, "", false, "", auth.InvalidGrant},
		"AUTH-0x-publish-claim/PHP's gaps":     {`{"mercure":{"publish":{"0":"a","2":"b"}}}`, nil, "", false, "", auth.InvalidGrant},
		"AUTH-0x-publish-claim/of numbers":     {`{"mercure":{"publish":["a",1]}}`, nil, "", false, "", auth.InvalidGrant},
		"AUTH-0x-subscribe-claim/of objects":   {`{"mercure":{"subscribe":[{"match":"a"}]}}`, nil, "", false, "", auth.InvalidGrant},
		"AUTH-0x-publish-empty":                {`{"mercure":{"publish":[]}}`, []string{"a"}, "a", false, "", ""},
		"AUTH-0x-publish-every-topic":          {`{"mercure":{"publish":["a"]}}`, []string{"a", "b"}, "b", false, "", ""},
		"AUTH-0x-publish-every-topic/template": {`{"mercure":{"publish":["https://e.x/{id}"]}}`, []string{"https://e.x/1"}, "", false, "", ""},
		"AUTH-0x-publish-every-topic/whole":    {`{"mercure":{"publish":["https://e.x/{id}"]}}`, []string{"https://e.x/1/2"}, "https://e.x/1/2", false, "", ""},
		"AUTH-0x-subscribe-claim/none":         {`{"mercure":{"publish":["a"]}}`, []string{"a"}, "", false, "", ""},
		"AUTH-0x-subscribe-any-topic":          {`{"mercure":{"subscribe":["b"]}}`, []string{"a", "b"}, "a", true, "", ""},
		"AUTH-0x-subscribe-none":               {`{"mercure":{"subscribe":["a"]}}`, []string{"b"}, "b", false, "", ""},
		"AUTH-0x-payload/object":               {`{"mercure":{"payload":{"a":1}}}`, nil, "", false, `{"a":1}`, ""},
		"AUTH-0x-payload/any JSON":             {`{"mercure":{"payload":[null,"x"]}}`, nil, "", false, `[null,"x"]`, ""},
		"AUTH-0x-payload/null":                 {`{"mercure":{"payload":null}}`, nil, "", false, `null`, ""},
		"AUTH-0x-no-exp/static token":          {`{"mercure":{"publish":["*"]}}`, []string{"a"}, "", false, "", ""},
		"AUTH-0x-publish-claim/foreign iss":    {`{"iss":"x","aud":"y","mercure":{"publish":["*"]}}`, []string{"a"}, "", false, "", ""},
		"LIMIT-details-count/as many":          {`{"mercure":{"publish":["a","b","c"]}}`, []string{"c"}, "", false, "", ""},
		"LIMIT-details-exceeded-401/0.x":       {`{"mercure":{"publish":["a","b","c","d"]}}`, nil, "", false, "", auth.TooManyGrants},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := a.Verify(hs256(t, legacyPublisherSecret, legacyHeader, test.claims), auth.Publisher, now)
			expect(t, err, test.want)
			if err != nil {
				return
			}
			if refused, ok := g.CanPublish(test.topics); ok != (test.publish == "") || refused != test.publish {
				t.Errorf("CanPublish(%q) = %q, %v, want %q refused", test.topics, refused, ok, test.publish)
			}
			if got := g.CanReceive(test.topics); got != test.receive {
				t.Errorf("CanReceive(%q) = %v, want %v", test.topics, got, test.receive)
			}
			if got, ok := g.Payload("any"); string(got) != test.payload || ok != (test.payload != "") {
				t.Errorf("Payload = %q, %v, want %q", got, ok, test.payload)
			}
		})
	}
}

func TestLegacyTrust(t *testing.T) {
	for name, test := range map[string]struct {
		configure func(*auth.Config)
		secret    string
		header    members
		want      auth.Reason
	}{
		"AUTH-0x-signature":                 {nil, legacyPublisherSecret, nil, ""},
		"AUTH-0x-signature/unknown key":     {nil, "somebody else's", nil, auth.BadSignature},
		"AUTH-0x-signature/1.0 key":         {nil, publisherSecret, nil, auth.BadSignature},
		"AUTH-0x-signature/alg changed":     {nil, legacyPublisherSecret, members{"alg": "HS384"}, auth.WrongAlgorithm},
		"AUTH-0x-signature/no key":          {func(c *auth.Config) { c.LegacyPublisher = auth.Key{} }, legacyPublisherSecret, nil, auth.NoKey},
		"AUTH-0x-signature/no key, no sign": {func(c *auth.Config) { c.LegacyPublisher = auth.Key{} }, "", nil, auth.NoKey},
		"AUTH-0x-keys-per-role":             {nil, legacySubscriberSecret, nil, auth.WrongRole},
		"AUTH-key-not-from-token/jku":       {nil, "their own", members{"jku": "https://e.x"}, auth.EmbeddedKey},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			if test.configure != nil {
				test.configure(&c)
			}
			token := hs256(t, test.secret, legacyHeader.with(test.header), members{})
			_, err := newAuthenticator(t, c).Verify(token, auth.Publisher, now)
			expect(t, err, test.want)
		})
	}
}
