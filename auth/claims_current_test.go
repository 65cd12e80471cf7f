package auth_test

import (
	"strings"
	"testing"

	"cinnabar/auth"
	"cinnabar/spec"
)

func TestCurrentTrust(t *testing.T) {
	const other = "https://other.example.com"
	for name, test := range map[string]struct {
		configure func(*auth.Config)
		secret    string
		header    members
		claims    members
		want      auth.Reason
	}{
		"AUTH-iss-checked/trusted":        {nil, subscriberSecret, nil, nil, ""},
		"AUTH-iss-checked/absent":         {nil, subscriberSecret, nil, members{"iss": absent}, auth.UnknownIssuer},
		"AUTH-iss-checked/null":           {nil, subscriberSecret, nil, members{"iss": nil}, auth.UnknownIssuer},
		"AUTH-iss-checked/array":          {nil, subscriberSecret, nil, members{"iss": []string{issuerURL}}, auth.UnknownIssuer},
		"AUTH-iss-checked/unknown":        {nil, subscriberSecret, nil, members{"iss": other}, auth.UnknownIssuer},
		"AUTH-iss-checked/empty":          {nil, subscriberSecret, nil, members{"iss": ""}, auth.UnknownIssuer},
		"AUTH-iss-checked/trailing slash": {nil, subscriberSecret, nil, members{"iss": issuerURL + "/"}, auth.UnknownIssuer},
		"AUTH-iss-checked/letter case":    {nil, subscriberSecret, nil, members{"iss": strings.ToUpper(issuerURL)}, auth.UnknownIssuer},
		"AUTH-iss-checked/nobody trusted": {func(c *auth.Config) { c.Issuers = nil }, subscriberSecret, nil, nil, auth.UnknownIssuer},

		"AUTH-aud-forms/string":              {nil, subscriberSecret, nil, members{"aud": hubURL}, ""},
		"AUTH-aud-forms/array":               {nil, subscriberSecret, nil, members{"aud": []string{hubURL}}, ""},
		"AUTH-aud-forms/among others":        {nil, subscriberSecret, nil, members{"aud": []string{other, hubURL}}, ""},
		"AUTH-aud-checked/absent":            {nil, subscriberSecret, nil, members{"aud": absent}, auth.WrongAudience},
		"AUTH-aud-checked/null":              {nil, subscriberSecret, nil, members{"aud": nil}, auth.WrongAudience},
		"AUTH-aud-checked/no strings":        {nil, subscriberSecret, nil, members{"aud": []any{hubURL, 1}}, auth.WrongAudience},
		"AUTH-aud-checked/empty":             {nil, subscriberSecret, nil, members{"aud": []string{}}, auth.WrongAudience},
		"AUTH-aud-checked/other hub":         {nil, subscriberSecret, nil, members{"aud": other}, auth.WrongAudience},
		"AUTH-aud-checked/prefix":            {nil, subscriberSecret, nil, members{"aud": hubURL[:20]}, auth.WrongAudience},
		"AUTH-aud-checked/trailing slash":    {nil, subscriberSecret, nil, members{"aud": hubURL + "/"}, auth.WrongAudience},
		"AUTH-aud-configured/nameless":       {func(c *auth.Config) { c.ResourceIdentifier = "" }, subscriberSecret, nil, nil, auth.NoResourceIdentifier},
		"AUTH-aud-configured/empty audience": {func(c *auth.Config) { c.ResourceIdentifier = "" }, subscriberSecret, nil, members{"aud": ""}, auth.NoResourceIdentifier},

		"AUTH-other-claims": {nil, subscriberSecret, nil, members{"sub": absent, "client_id": absent, "iat": absent, "jti": absent}, ""},

		"AUTH-keys-per-role/publisher key":   {nil, publisherSecret, nil, nil, auth.WrongRole},
		"AUTH-key-trusted-set/unknown key":   {nil, "somebody else's secret of 32 bytes", nil, nil, auth.BadSignature},
		"AUTH-key-trusted-set/with kid":      {nil, "somebody else's secret of 32 bytes", members{"kid": "1"}, nil, auth.BadSignature},
		"AUTH-key-trusted-set/empty secret":  {func(c *auth.Config) { c.Issuers[0].Subscriber = auth.Key{} }, "", nil, nil, auth.NoKey},
		"AUTH-key-kid/hint":                  {nil, subscriberSecret, members{"kid": "1"}, nil, ""},
		"AUTH-key-not-from-token/jwk":        {nil, "their own", members{"jwk": members{"kty": "oct", "k": "dGhlaXIgb3du"}}, nil, auth.EmbeddedKey},
		"AUTH-key-not-from-token/jku":        {nil, "their own", members{"jku": other}, nil, auth.EmbeddedKey},
		"AUTH-key-not-from-token/x5c":        {nil, "their own", members{"x5c": []string{"e30"}}, nil, auth.EmbeddedKey},
		"AUTH-key-not-from-token/x5u":        {nil, "their own", members{"x5u": other}, nil, auth.EmbeddedKey},
		"AUTH-key-not-from-token/unused jwk": {nil, subscriberSecret, members{"jwk": members{}}, nil, ""},
		"AUTH-alg-allowlist/HS512 claimed":   {nil, subscriberSecret, members{"alg": "HS512"}, nil, auth.WrongAlgorithm},
		"AUTH-alg-allowlist/letter case":     {nil, subscriberSecret, members{"alg": "hs256"}, nil, auth.WrongAlgorithm},

		"AUTH-key-no-pooling/B's key for A": {twoIssuers, "secret of issuer B, of 32 bytes or so", nil, nil, auth.BadSignature},
		"AUTH-key-no-pooling/B's kid for A": {twoIssuers, "secret of issuer B, of 32 bytes or so", members{"kid": "B"}, nil, auth.BadSignature},
		"AUTH-key-no-pooling/B's key for B": {twoIssuers, "secret of issuer B, of 32 bytes or so", nil, members{"iss": "https://b.example"}, ""},
		"AUTH-key-no-pooling/A's key for B": {twoIssuers, subscriberSecret, nil, members{"iss": "https://b.example"}, auth.BadSignature},
		"AUTH-key-no-pooling/0.x key for B": {twoIssuers, legacySubscriberSecret, nil, members{"iss": "https://b.example"}, auth.BadSignature},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			if test.configure != nil {
				test.configure(&c)
			}
			token := hs256(t, test.secret, currentHeader.with(test.header), currentClaims.with(test.claims))
			_, err := newAuthenticator(t, c).Verify(token, auth.Subscriber, now)
			expect(t, err, test.want)
		})
	}
}

func twoIssuers(c *auth.Config) {
	secret, err := auth.ParseKey("secret of issuer B, of 32 bytes or so", "")
	if err != nil {
		panic(err)
	}
	c.Issuers = append(c.Issuers, auth.Issuer{ID: "https://b.example", Subscriber: secret})
}

// detail writes a Mercure authorization detail.
func detail(actions, topics any, others ...members) members {
	d := members{"type": spec.DetailType, "actions": actions, "topics": topics}
	for _, m := range others {
		d = d.with(m)
	}
	return d
}

func exactly(topics ...string) []any {
	var matchers []any
	for _, topic := range topics {
		matchers = append(matchers, members{"match": topic})
	}
	return matchers
}

func repeat(n int, v any) []any {
	l := make([]any, n)
	for i := range l {
		l[i] = v
	}
	return l
}

func TestDetailsAreValidOrTheTokenIsNot(t *testing.T) {
	c := config(t)
	c.MaxDetails = 3
	a := newAuthenticator(t, c)
	publish, subscribe := []string{"publish"}, []string{"subscribe"}
	good := detail(publish, exactly("a"))
	for name, test := range map[string]struct {
		details any
		want    auth.Reason
	}{
		"AUTH-detail-claim-array/object":    {members{}, auth.InvalidGrant},
		"AUTH-detail-claim-array/string":    {"x", auth.InvalidGrant},
		"AUTH-detail-claim-array/null":      {nil, auth.InvalidGrant},
		"AUTH-detail-claim-array/of string": {[]any{"x"}, auth.InvalidGrant},
		"AUTH-detail-claim-array/of null":   {[]any{nil}, auth.InvalidGrant},
		"AUTH-detail-claim-array/empty":     {[]any{}, ""},

		"AUTH-detail-foreign-ignored/any shape": {[]any{members{"type": "payment", "actions": 1, "topics": nil}, good}, ""},
		"AUTH-detail-foreign-ignored/no type":   {[]any{members{"actions": 1}, good}, ""},
		"AUTH-detail-foreign-ignored/many":      {append(repeat(50, members{"type": "payment"}), good), ""},

		"AUTH-detail-actions-shape/absent":     {[]any{detail(absent, exactly("a")).with(members{"actions": absent})}, auth.InvalidGrant},
		"AUTH-detail-actions-shape/empty":      {[]any{detail([]any{}, exactly("a"))}, auth.InvalidGrant},
		"AUTH-detail-actions-shape/string":     {[]any{detail("publish", exactly("a"))}, auth.InvalidGrant},
		"AUTH-detail-actions-shape/of number":  {[]any{detail([]any{"publish", 1}, exactly("a"))}, auth.InvalidGrant},
		"AUTH-detail-actions-shape/of null":    {[]any{detail([]any{nil}, exactly("a"))}, auth.InvalidGrant},
		"AUTH-detail-actions-unknown/one more": {[]any{detail([]any{"publish", "archive"}, exactly("a"))}, ""},
		"AUTH-detail-actions-unknown/alone":    {[]any{detail([]any{"archive"}, exactly("a"))}, ""},

		"AUTH-detail-topics-shape/absent": {[]any{detail(publish, nil).with(members{"topics": absent})}, auth.InvalidGrant},
		"AUTH-detail-topics-shape/empty":  {[]any{detail(publish, []any{})}, auth.InvalidGrant},
		"AUTH-detail-topics-shape/string": {[]any{detail(publish, "*")}, auth.InvalidGrant},
		"AUTH-topics-object/string":       {[]any{detail(publish, []any{"https://e.x/a"})}, auth.InvalidGrant},
		"AUTH-topics-object/null":         {[]any{detail(publish, []any{nil})}, auth.InvalidGrant},
		"AUTH-topics-object/no match":     {[]any{detail(publish, []any{members{}})}, auth.InvalidGrant},
		"AUTH-topics-object/match number": {[]any{detail(publish, []any{members{"match": 1}})}, auth.InvalidGrant},
		"AUTH-topics-object/match null":   {[]any{detail(publish, []any{members{"match": nil}})}, auth.InvalidGrant},
		"AUTH-topics-object/name's case":  {[]any{detail(publish, []any{members{"Match": "a"}})}, auth.InvalidGrant},

		"AUTH-topics-type-unsupported":           {[]any{detail(publish, []any{members{"match": "a", "match_type": "regexp"}, members{"match": "a"}})}, auth.InvalidGrant},
		"AUTH-topics-type-unsupported/wildcard":  {[]any{detail(publish, []any{members{"match": "*", "match_type": "regexp"}})}, auth.InvalidGrant},
		"AUTH-topics-type-unsupported/empty":     {[]any{detail(publish, []any{members{"match": "a", "match_type": ""}})}, auth.InvalidGrant},
		"AUTH-topics-type-case/URLPattern":       {[]any{detail(publish, []any{members{"match": "https://e.x/a", "match_type": "URLPattern"}})}, auth.InvalidGrant},
		"AUTH-topics-type-case/Exact":            {[]any{detail(publish, []any{members{"match": "a", "match_type": "Exact"}})}, auth.InvalidGrant},
		"AUTH-topics-type-not-string/null":       {[]any{detail(publish, []any{members{"match": "a", "match_type": nil}})}, auth.InvalidGrant},
		"AUTH-topics-type-not-string/number":     {[]any{detail(publish, []any{members{"match": "a", "match_type": 1}})}, auth.InvalidGrant},
		"AUTH-topics-bad-pattern":                {[]any{detail(publish, []any{members{"match": "https://e.x/(", "match_type": "urlpattern"}})}, auth.InvalidGrant},
		"AUTH-topics-chars/U+0000":               {[]any{detail(publish, exactly("a\x00"))}, auth.InvalidGrant},
		"AUTH-topics-chars/U+200B":               {[]any{detail(publish, exactly("a\u200b"))}, auth.InvalidGrant},
		"AUTH-topics-chars/U+007F":               {[]any{detail(publish, exactly("a\x7f"))}, auth.InvalidGrant},
		"AUTH-detail-payload-shape/object":       {[]any{detail(subscribe, exactly("a"), members{"payload": members{}})}, ""},
		"AUTH-detail-payload-shape/string":       {[]any{detail(subscribe, exactly("a"), members{"payload": "x"})}, auth.InvalidGrant},
		"AUTH-detail-payload-shape/array":        {[]any{detail(subscribe, exactly("a"), members{"payload": []int{1}})}, auth.InvalidGrant},
		"AUTH-detail-payload-shape/null":         {[]any{detail(subscribe, exactly("a"), members{"payload": nil})}, auth.InvalidGrant},
		"AUTH-detail-payload-shape/publish only": {[]any{detail(publish, exactly("a"), members{"payload": 1})}, auth.InvalidGrant},

		"AUTH-detail-all-or-nothing/bad after good": {[]any{good, detail(subscribe, nil)}, auth.InvalidGrant},
		"AUTH-detail-no-partial/bad before good":    {[]any{detail(publish, nil), good}, auth.InvalidGrant},

		"LIMIT-details-exceeded-401/pattern": {[]any{detail(publish, []any{members{"match": "https://e.x/" + strings.Repeat("a", 16<<10), "match_type": "urlpattern"}})}, auth.InvalidGrant},
		"LIMIT-details-count/as many":        {repeat(3, good), ""},
		"LIMIT-details-exceeded-401/count":   {repeat(4, good), auth.TooManyGrants},
		"LIMIT-details-topics/as many":       {[]any{detail(publish, repeat(3, members{"match": "a"}))}, ""},
		"LIMIT-details-topics/too many":      {[]any{detail(publish, repeat(4, members{"match": "a"}))}, auth.TooManyGrants},
	} {
		t.Run(name, func(t *testing.T) {
			claims := currentClaims.with(members{"authorization_details": test.details})
			_, err := a.Verify(hs256(t, subscriberSecret, currentHeader, claims), auth.Subscriber, now)
			expect(t, err, test.want)
		})
	}
}

func TestCurrentGrants(t *testing.T) {
	a := newAuthenticator(t, config(t))
	publish, subscribe := []string{"publish"}, []string{"subscribe"}
	pattern := func(p string) []any { return []any{members{"match": p, "match_type": "urlpattern"}} }
	grants := func(t *testing.T, details ...any) *auth.Grants {
		t.Helper()
		claims := currentClaims
		if details != nil {
			claims = claims.with(members{"authorization_details": details})
		}
		g, err := a.Verify(hs256(t, publisherSecret, currentHeader, claims), auth.Publisher, now)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	for name, test := range map[string]struct {
		details []any
		topics  []string
		publish string // the topic refused, "" for none
		receive bool
	}{
		"AUTH-detail-none":                   {nil, []string{"a"}, "a", false},
		"AUTH-detail-grant/each its own":     {[]any{detail(subscribe, exactly("a")), detail(publish, exactly("b"))}, []string{"a"}, "a", true},
		"AUTH-detail-grant/each its own, b":  {[]any{detail(subscribe, exactly("a")), detail(publish, exactly("b"))}, []string{"b"}, "", false},
		"AUTH-detail-grant/both actions":     {[]any{detail([]string{"publish", "subscribe"}, exactly("a"))}, []string{"a"}, "", true},
		"AUTH-detail-type/letter case":       {[]any{detail(publish, exactly("a"), members{"type": strings.ToUpper(spec.DetailType)})}, []string{"a"}, "a", false},
		"AUTH-detail-type/trailing slash":    {[]any{detail(publish, exactly("a"), members{"type": spec.DetailType + "/"})}, []string{"a"}, "a", false},
		"AUTH-detail-type/mercure":           {[]any{detail(publish, exactly("a"), members{"type": "mercure"})}, []string{"a"}, "a", false},
		"AUTH-detail-actions-case":           {[]any{detail([]string{"Publish", "SUBSCRIBE"}, exactly("a"))}, []string{"a"}, "a", false},
		"AUTH-detail-actions-unknown":        {[]any{detail([]string{"archive"}, exactly("a"))}, []string{"a"}, "a", false},
		"AUTH-topics-type-default":           {[]any{detail(publish, exactly("https://e.x/:id"))}, []string{"https://e.x/1"}, "https://e.x/1", false},
		"AUTH-topics-type-default/literally": {[]any{detail(publish, exactly("https://e.x/:id"))}, []string{"https://e.x/:id"}, "", false},
		"AUTH-topics-wildcard/exact":         {[]any{detail(publish, exactly("*"))}, []string{"a", "http://["}, "", false},
		"AUTH-topics-wildcard/urlpattern":    {[]any{detail(publish, pattern("*"))}, []string{"a", "http://["}, "", false},
		"AUTH-topics-pattern-base/absolute":  {[]any{detail(publish, pattern("/x/:id"))}, []string{"https://hub.example.com/x/1"}, "", false},
		"AUTH-topics-pattern-base/relative":  {[]any{detail(publish, pattern("/x/:id"))}, []string{"/x/1"}, "", false},
		"AUTH-topics-pattern-base/elsewhere": {[]any{detail(publish, pattern("/x/:id"))}, []string{"https://e.x/x/1"}, "https://e.x/x/1", false},
		"AUTH-publish-all-topics/one only":   {[]any{detail(publish, exactly("a"))}, []string{"a", "b"}, "b", false},
		"AUTH-publish-all-topics/two":        {[]any{detail(publish, exactly("a")), detail(publish, exactly("b"))}, []string{"a", "b"}, "", false},
		"AUTH-subscribe-any-topic":           {[]any{detail(subscribe, exactly("b"))}, []string{"a", "b"}, "a", true},
		"AUTH-subscribe-none":                {[]any{detail(subscribe, exactly("c"))}, []string{"a", "b"}, "a", false},
		"AUTH-subscribe-action-only":         {[]any{detail(publish, exactly("*"))}, []string{"a"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			g := grants(t, test.details...)
			if refused, ok := g.CanPublish(test.topics); ok != (test.publish == "") || refused != test.publish {
				t.Errorf("CanPublish(%q) = %q, %v, want %q refused", test.topics, refused, ok, test.publish)
			}
			if got := g.CanReceive(test.topics); got != test.receive {
				t.Errorf("CanReceive(%q) = %v, want %v", test.topics, got, test.receive)
			}
		})
	}

	payload := func(v string) members { return members{"payload": members{"v": v}} }
	for name, test := range map[string]struct {
		details  []any
		selector string
		want     string // "" for none
	}{
		"AUTH-payload-first-match/X":             {[]any{detail(subscribe, exactly("X"), payload("1")), detail(subscribe, exactly("*"), payload("2"))}, "X", `{"v":"1"}`},
		"AUTH-payload-first-match/Y":             {[]any{detail(subscribe, exactly("X"), payload("1")), detail(subscribe, exactly("*"), payload("2"))}, "Y", `{"v":"2"}`},
		"AUTH-payload-first-match/none":          {[]any{detail(subscribe, exactly("X"), payload("1"))}, "Y", ""},
		"AUTH-payload-order/masked":              {[]any{detail(subscribe, exactly("*")), detail(subscribe, exactly("X"), payload("1"))}, "X", ""},
		"AUTH-payload-subscribe-only":            {[]any{detail(publish, exactly("X"), payload("1"))}, "X", ""},
		"AUTH-payload-subscribe-only/masks not":  {[]any{detail(publish, exactly("X"), payload("1")), detail(subscribe, exactly("X"), payload("2"))}, "X", `{"v":"2"}`},
		"AUTH-payload-wildcard-default":          {[]any{detail(subscribe, exactly("*"), payload("1"))}, "http://[", `{"v":"1"}`},
		"AUTH-payload-matcher-as-topic/pattern":  {[]any{detail(subscribe, pattern("https://e.x/bar/:id"), payload("1"))}, "https://e.x/bar/:id", `{"v":"1"}`},
		"AUTH-payload-matcher-as-topic/exact":    {[]any{detail(subscribe, exactly("https://e.x/bar/:id"), payload("1"))}, "https://e.x/bar/:id", `{"v":"1"}`},
		"AUTH-payload-matcher-as-topic/no exact": {[]any{detail(subscribe, exactly("https://e.x/bar/:id"), payload("1"))}, "https://e.x/bar/1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := grants(t, test.details...).Payload(test.selector)
			if string(got) != test.want || ok != (test.want != "") {
				t.Errorf("Payload(%q) = %q, %v, want %q", test.selector, got, ok, test.want)
			}
		})
	}
}
