package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"cinnabar/auth"
	"cinnabar/spec"

	"github.com/golang-jwt/jwt/v5"
)

const (
	hubURL    = "https://hub.example.com/.well-known/mercure"
	issuerURL = "https://issuer.example.com"

	legacyPublisherSecret  = "legacy publisher secret, 32 bytes"
	legacySubscriberSecret = "legacy subscriber secret, 32 bytes"
	publisherSecret        = "current publisher secret, 32 bytes"
	subscriberSecret       = "current subscriber secret, 32 bytes"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

type members map[string]any

// absent removes a member from what it is merged into.
var absent = struct{}{}

// with returns a copy of m, changed.
func (m members) with(changes members) members {
	merged := maps.Clone(m)
	for name, value := range changes {
		if merged[name] = value; value == absent {
			delete(merged, name)
		}
	}
	return merged
}

var (
	legacyHeader  = members{"typ": "JWT", "alg": "HS256"}
	currentHeader = members{"typ": "at+jwt", "alg": "HS256"}
	currentClaims = members{
		"iss": issuerURL, "aud": hubURL, "exp": now.Add(time.Hour).Unix(),
		"sub": "s", "client_id": "c", "iat": now.Unix(), "jti": "j",
	}
)

// compact signs JSON of any shape, so that tests trust neither mint.go nor
// golang-jwt's idea of claims. header and claims are JSON text or marshalled.
func compact(t testing.TB, method jwt.SigningMethod, key any, header, claims any) string {
	t.Helper()
	signed := segment(t, header) + "." + segment(t, claims)
	signature, err := method.Sign(signed, key)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func segment(t testing.TB, value any) string {
	t.Helper()
	if text, ok := value.(string); ok {
		return base64.RawURLEncoding.EncodeToString([]byte(text))
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func hs256(t testing.TB, secret string, header, claims any) string {
	t.Helper()
	return compact(t, jwt.SigningMethodHS256, []byte(secret), header, claims)
}

func secretKey(t testing.TB, secret string) auth.Key {
	t.Helper()
	k, err := auth.ParseKey(secret, "")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// config is that of a hub serving both generations with four secrets.
func config(t testing.TB) auth.Config {
	t.Helper()
	base, err := spec.ParseBase(hubURL)
	if err != nil {
		t.Fatal(err)
	}
	return auth.Config{
		Base:               base,
		ResourceIdentifier: hubURL,
		LegacyPublisher:    secretKey(t, legacyPublisherSecret),
		LegacySubscriber:   secretKey(t, legacySubscriberSecret),
		Issuers: []auth.Issuer{{
			ID:         issuerURL,
			Publisher:  secretKey(t, publisherSecret),
			Subscriber: secretKey(t, subscriberSecret),
		}},
	}
}

func newAuthenticator(t testing.TB, c auth.Config) *auth.Authenticator {
	t.Helper()
	a, err := auth.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// expect compares the error of a judgement with the reason wanted, "" for
// none, and with the code that belongs to a bad token.
func expect(t *testing.T, err error, want auth.Reason) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("refused: %v, want it accepted", err)
		}
		return
	}
	var r *auth.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("error %v, want a refusal with reason %s", err, want)
	}
	if r.Reason != want {
		t.Errorf("refused with reason %s (%s), want %s", r.Reason, r.Detail, want)
	}
	if r.Code != auth.InvalidToken {
		t.Errorf("code %q, want %q (AUTH-failure-report)", r.Code, auth.InvalidToken)
	}
	if r.Detail == "" {
		t.Error("a refusal without detail")
	}
}

func TestForm(t *testing.T) {
	a := newAuthenticator(t, config(t))
	good := hs256(t, subscriberSecret, currentHeader, currentClaims)
	legacy := func(header, claims any) string { return hs256(t, legacySubscriberSecret, header, claims) }
	nested := func(depth int) string {
		claims := `{"mercure":{"payload":`
		for range depth {
			claims += "["
		}
		for range depth {
			claims += "]"
		}
		return claims + "}}"
	}
	for name, test := range map[string]struct {
		token string
		want  auth.Reason
	}{
		"AUTH-jws-compact/compact":          {good, ""},
		"AUTH-jws-compact/empty":            {"", auth.MalformedToken},
		"AUTH-jws-compact/JSON":             {`{"payload":"e30","signatures":[]}`, auth.MalformedToken},
		"AUTH-jws-compact/two parts":        {"e30.e30", auth.MalformedToken},
		"AUTH-jws-compact/four parts":       {good + ".e30", auth.MalformedToken},
		"AUTH-jws-compact/five parts":       {good + ".e30.e30", auth.MalformedToken},
		"AUTH-jws-compact/trailing garbage": {good + "!", auth.MalformedToken},
		"AUTH-jws-compact/trailing newline": {good + "\n", auth.MalformedToken},
		"AUTH-jws-compact/newline inside":   {good[:10] + "\r\n" + good[10:], auth.MalformedToken},
		"AUTH-jws-compact/padding":          {good + "=", auth.MalformedToken},
		"AUTH-jws-compact/not base64url":    {"a+b.e30.e30", auth.MalformedToken},
		"AUTH-jws-compact/header array":     {legacy("[]", "{}"), auth.MalformedToken},
		"AUTH-jws-compact/header not JSON":  {legacy(`{"alg"`, "{}"), auth.MalformedToken},
		"AUTH-jws-compact/claims null":      {legacy(legacyHeader, "null"), auth.MalformedToken},
		"AUTH-jws-compact/claims twice":     {legacy(legacyHeader, "{}{}"), auth.MalformedToken},
		"AUTH-jws-compact/claims not UTF-8": {legacy(legacyHeader, "{\"mercure\":{\"publish\":[\"\xff\"]}}"), auth.MalformedToken},
		"AUTH-jws-compact/half a pair":      {legacy(legacyHeader, `{"mercure":{"publish":["\ud83d"]}}`), auth.MalformedToken},
		"AUTH-jws-compact/wrong pair":       {legacy(legacyHeader, `{"mercure":{"publish":["\ud83d\u0041"]}}`), auth.MalformedToken},
		"AUTH-jws-compact/a whole pair":     {legacy(legacyHeader, `{"mercure":{"publish":["\ud83d\ude00"]}}`), ""},
		"AUTH-jws-compact/escaped escape":   {legacy(legacyHeader, `{"mercure":{"publish":["\\ud83d"]}}`), ""},
		"AUTH-jws-compact/too large":        {legacy(legacyHeader, members{"x": strings.Repeat("x", 24<<10)}), auth.TooLarge},

		"AUTH-jws-compact/many claims":     {legacy(legacyHeader, claimsNamed(256)), ""},
		"AUTH-jws-compact/too many claims": {legacy(legacyHeader, claimsNamed(257)), auth.TooLarge},

		"AUTH-crit/unknown":            {legacy(legacyHeader.with(members{"crit": []string{"x"}, "x": 1}), members{}), auth.CriticalExtension},
		"AUTH-crit/1.0":                {hs256(t, subscriberSecret, currentHeader.with(members{"crit": []string{"x"}, "x": 1}), currentClaims), auth.CriticalExtension},
		"AUTH-crit/b64":                {legacy(legacyHeader.with(members{"crit": []string{"b64"}, "b64": false}), members{}), auth.CriticalExtension},
		"AUTH-crit/null":               {legacy(legacyHeader.with(members{"crit": nil}), members{}), auth.CriticalExtension},
		"AUTH-crit/unknown uncritical": {legacy(legacyHeader.with(members{"x": 1}), members{}), ""},

		"AUTH-rfc9068-rfc8725/claim twice":          {legacy(legacyHeader, `{"exp":1,"exp":4102444800}`), auth.DuplicateMember},
		"AUTH-rfc9068-rfc8725/claim twice, escaped": {legacy(legacyHeader, `{"exp":1,"e\u0078p":4102444800}`), auth.DuplicateMember},
		"AUTH-rfc9068-rfc8725/twice, deeper":        {legacy(legacyHeader, `{"x":[{"a":1,"a":1}]}`), auth.DuplicateMember},
		"AUTH-rfc9068-rfc8725/header twice":         {legacy(`{"alg":"none","alg":"HS256"}`, "{}"), auth.DuplicateMember},
		"AUTH-rfc9068-rfc8725/names in other case":  {legacy(legacyHeader, `{"Exp":1,"EXP":1}`), ""},
		"AUTH-rfc9068-rfc8725/deep":                 {legacy(legacyHeader, nested(30)), ""},
		"AUTH-rfc9068-rfc8725/too deep":             {legacy(legacyHeader, nested(31)), auth.TooDeep},
		"AUTH-rfc9068-rfc8725/abysmal":              {legacy(legacyHeader, nested(5000)), auth.TooDeep},

		"AUTH-alg-none/none":         {segment(t, members{"alg": "none"}) + ".e30.", auth.AlgorithmNone},
		"AUTH-alg-none/NONE":         {segment(t, members{"alg": "NONE"}) + ".e30.", auth.AlgorithmNone},
		"AUTH-alg-none/None, 1.0":    {segment(t, members{"alg": "None", "typ": "at+jwt"}) + "." + segment(t, currentClaims) + ".", auth.AlgorithmNone},
		"AUTH-alg-none/absent":       {segment(t, members{}) + ".e30.", auth.MalformedToken},
		"AUTH-alg-none/empty":        {segment(t, members{"alg": ""}) + ".e30.", auth.WrongAlgorithm},
		"AUTH-alg-none/a number":     {segment(t, members{"alg": 1}) + ".e30.", auth.MalformedToken},
		"AUTH-alg-none/no signature": {segment(t, legacyHeader) + ".e30.", auth.BadSignature},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.Verify(test.token, auth.Subscriber, now)
			expect(t, err, test.want)
		})
	}
}

func claimsNamed(n int) members {
	claims := make(members, n)
	for i := range n {
		claims[strconv.Itoa(i)] = 1
	}
	return claims
}

// The type alone decides by whose rules and keys a token is judged (G5).
func TestGenerations(t *testing.T) {
	details := members{"authorization_details": []any{}}
	for name, test := range map[string]struct {
		served spec.Generations
		secret string
		typ    any
		claims members
		is     spec.Generation
		want   auth.Reason
	}{
		"AUTH-typ/at+jwt":                      {spec.Both, subscriberSecret, "at+jwt", currentClaims, spec.Current, ""},
		"AUTH-typ-equivalents/AT+JWT":          {spec.Both, subscriberSecret, "AT+JWT", currentClaims, spec.Current, ""},
		"AUTH-typ-equivalents/application":     {spec.Both, subscriberSecret, "application/at+jwt", currentClaims, spec.Current, ""},
		"AUTH-typ-equivalents/Application":     {spec.Both, subscriberSecret, "Application/At+Jwt", currentClaims, spec.Current, ""},
		"AUTH-typ/prefix alone":                {spec.Both, legacySubscriberSecret, "application/", members{}, spec.Legacy, ""},
		"AUTH-typ/a number":                    {spec.Both, legacySubscriberSecret, 1, members{}, 0, auth.MalformedToken},
		"AUTH-typ/JWT with 0.x key":            {spec.Both, legacySubscriberSecret, "JWT", currentClaims, spec.Legacy, ""},
		"AUTH-typ/JWT with 1.0 key":            {spec.Both, subscriberSecret, "JWT", currentClaims, 0, auth.BadSignature},
		"AUTH-typ/absent with 1.0 key":         {spec.Both, subscriberSecret, absent, currentClaims, 0, auth.BadSignature},
		"AUTH-typ/dpop+jwt with 1.0 key":       {spec.Both, subscriberSecret, "dpop+jwt", currentClaims, 0, auth.BadSignature},
		"AUTH-typ/at+jwt with 0.x key":         {spec.Both, legacySubscriberSecret, "at+jwt", currentClaims, 0, auth.BadSignature},
		"AUTH-typ/details without at+jwt":      {spec.Both, legacySubscriberSecret, "JWT", currentClaims.with(details), 0, auth.MissingType},
		"AUTH-typ/details, with 1.0 key":       {spec.Both, subscriberSecret, "JWT", currentClaims.with(details), 0, auth.MissingType},
		"AUTH-typ/details beside mercure":      {spec.Both, legacySubscriberSecret, "JWT", details.with(members{"mercure": members{}}), spec.Legacy, ""},
		"AUTH-typ/1.0 alone, JWT":              {spec.Only(spec.Current), subscriberSecret, "JWT", currentClaims, 0, auth.GenerationDisabled},
		"AUTH-typ/1.0 alone, at+jwt":           {spec.Only(spec.Current), subscriberSecret, "at+jwt", currentClaims, spec.Current, ""},
		"AUTH-typ/0.x alone, at+jwt":           {spec.Only(spec.Legacy), subscriberSecret, "at+jwt", currentClaims, 0, auth.GenerationDisabled},
		"AUTH-0x-jws/absent":                   {spec.Both, legacySubscriberSecret, absent, members{}, spec.Legacy, ""},
		"AUTH-0x-publish-claim/neither claims": {spec.Both, legacySubscriberSecret, "JWT", members{}, spec.Legacy, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			c.Generations = test.served
			header := currentHeader.with(members{"typ": test.typ})
			g, err := newAuthenticator(t, c).Verify(hs256(t, test.secret, header, test.claims), auth.Subscriber, now)
			expect(t, err, test.want)
			if err == nil && g.Generation() != test.is {
				t.Errorf("generation %v, want %v", g.Generation(), test.is)
			}
		})
	}
}

func TestDates(t *testing.T) {
	a := newAuthenticator(t, config(t))
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for name, test := range map[string]struct {
		claims          string // merged into valid ones
		legacy, current auth.Reason
	}{
		"AUTH-exp-required":                {`{}`, "", auth.MissingExpiry},
		"AUTH-exp-enforced/ahead":          {dates("exp", at(time.Second)), "", ""},
		"AUTH-exp-enforced/now":            {dates("exp", at(0)), auth.Expired, auth.Expired},
		"AUTH-exp-enforced/past":           {dates("exp", at(-time.Second)), auth.Expired, auth.Expired},
		"AUTH-exp-enforced/zero":           {`{"exp":0}`, auth.Expired, auth.Expired},
		"AUTH-exp-enforced/negative":       {`{"exp":-1e300}`, auth.Expired, auth.Expired},
		"AUTH-exp-type/fraction ahead":     {dates("exp", float64(now.Unix())+0.5), "", ""},
		"AUTH-exp-type/fraction past":      {dates("exp", float64(now.Unix())-0.5), auth.Expired, auth.Expired},
		"AUTH-exp-type/exponent":           {`{"exp":4.1e9}`, "", ""},
		"AUTH-exp-type/ages ahead":         {`{"exp":1e300}`, "", ""},
		"AUTH-exp-type/out of range":       {`{"exp":1e999}`, auth.InvalidDate, auth.InvalidDate},
		"AUTH-exp-type/string":             {`{"exp":"4102444800"}`, auth.InvalidDate, auth.InvalidDate},
		"AUTH-exp-type/null":               {`{"exp":null}`, auth.InvalidDate, auth.InvalidDate},
		"AUTH-exp-type/other letter case":  {`{"EXP":4102444800}`, "", auth.MissingExpiry},
		"AUTH-nbf/past":                    {dates("exp", at(time.Hour), "nbf", at(-time.Hour)), "", ""},
		"AUTH-nbf/ahead":                   {dates("exp", at(2*time.Hour), "nbf", at(time.Hour)), auth.NotYetValid, auth.NotYetValid},
		"AUTH-nbf/a string":                {dates("exp", at(time.Hour), "nbf", "0"), auth.InvalidDate, auth.InvalidDate},
		"AUTH-leeway/nbf ahead by seconds": {dates("exp", at(time.Hour), "nbf", at(10*time.Second)), "", ""},
		"AUTH-leeway/nbf by one too many":  {dates("exp", at(time.Hour), "nbf", at(11*time.Second)), auth.NotYetValid, auth.NotYetValid},
		"AUTH-other-claims/iat ahead":      {dates("exp", at(time.Hour), "iat", at(time.Hour)), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.Verify(hs256(t, legacySubscriberSecret, legacyHeader, test.claims), auth.Subscriber, now)
			expect(t, err, test.legacy)

			var given map[string]json.RawMessage
			if err := json.Unmarshal([]byte(test.claims), &given); err != nil {
				t.Fatal(err)
			}
			claims := currentClaims.with(members{"exp": absent})
			for name, raw := range given {
				claims[name] = raw
			}
			_, err = a.Verify(hs256(t, subscriberSecret, currentHeader, claims), auth.Subscriber, now)
			expect(t, err, test.current)
		})
	}
}

// dates writes claims as JSON.
func dates(namesAndValues ...any) string {
	claims := make(map[string]any)
	for i := 0; i < len(namesAndValues); i += 2 {
		claims[namesAndValues[i].(string)] = namesAndValues[i+1]
	}
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestExpiry(t *testing.T) {
	a := newAuthenticator(t, config(t))
	for name, test := range map[string]struct {
		claims string
		want   time.Time
	}{
		"AUTH-0x-no-exp":             {`{}`, time.Time{}},
		"AUTH-0x-exp-close":          {`{"exp":4102444800}`, time.Unix(4102444800, 0)},
		"AUTH-0x-exp-close/fraction": {`{"exp":4102444800.25}`, time.Unix(4102444800, 250_000_000)},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := a.Verify(hs256(t, legacySubscriberSecret, legacyHeader, test.claims), auth.Subscriber, now)
			if err != nil {
				t.Fatal(err)
			}
			if got := g.Expiry(); !got.Equal(test.want) {
				t.Errorf("expiry %v, want %v", got, test.want)
			}
		})
	}
}

// A token that was accepted before is still judged by the clock.
func TestTimePassesForKnownTokens(t *testing.T) {
	a := newAuthenticator(t, config(t))
	token := hs256(t, subscriberSecret, currentHeader, currentClaims.with(members{"nbf": now.Unix()}))
	for _, step := range []struct {
		at   time.Time
		want auth.Reason
	}{
		{now, ""},
		{now, ""},
		{now.Add(time.Hour - 1), ""},
		{now.Add(time.Hour), auth.Expired},
		{now.Add(-time.Hour), auth.NotYetValid},
		{now, ""},
	} {
		_, err := a.Verify(token, auth.Subscriber, step.at)
		expect(t, err, step.want)
	}
	// Known in one role is not known in the other (AUTH-keys-per-role).
	_, err := a.Verify(token, auth.Publisher, now)
	expect(t, err, auth.WrongRole)
}
