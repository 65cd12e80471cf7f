package spec

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// valid is a publish that every hub accepts; edit changes it.
func valid(edit func(*Fields)) Fields {
	f := Fields{Topics: []string{"https://example.com/books/1"}, Data: "hello"}
	edit(&f)
	return f
}

func topics(topics ...string) func(*Fields) { return func(f *Fields) { f.Topics = topics } }
func id(id string) func(*Fields)            { return func(f *Fields) { f.ID = id } }
func kind(kind string) func(*Fields)        { return func(f *Fields) { f.Type = kind } }
func retry(retry string) func(*Fields)      { return func(f *Fields) { f.Retry = retry } }
func data(data string) func(*Fields)        { return func(f *Fields) { f.Data = data } }

// checkFault fails unless err is a Fault of rule that helps a person.
func checkFault(t *testing.T, err error, rule string) *Fault {
	t.Helper()
	var fault *Fault
	if !errors.As(err, &fault) {
		t.Fatalf("got %v, want a refusal by %s", err, rule)
	}
	if fault.Rule != rule {
		t.Errorf("refused by %s (%v), want %s", fault.Rule, fault, rule)
	}
	if fault.Field == "" || fault.Problem == "" || fault.Fix == "" {
		t.Errorf("the fault %+v does not say where, what and what to do", fault)
	}
	return fault
}

func TestNewUpdateRefuses(t *testing.T) {
	// current is the rule by which a hub that serves 1.0 refuses, legacy that
	// of a hub for 0.x alone, "" where such a hub accepts.
	tests := map[string]struct {
		edit            func(*Fields)
		current, legacy string
	}{
		"no topic":                      {topics(), "PUB-topic-required", "PUB-0x-topic-required"},
		"topic: ill-formed UTF-8":       {topics("\xc3("), "TOPIC-utf8", "TOPIC-utf8"},
		"topic: surrogate":              {topics("\xed\xa0\x80"), "TOPIC-utf8", "TOPIC-utf8"},
		"topic: overlong":               {topics("\xc0\xaf"), "TOPIC-utf8", "TOPIC-utf8"},
		"topic: line feed":              {topics("a\nb"), "TOPIC-no-c0", ""},
		"topic: NUL":                    {topics("a\x00b"), "TOPIC-no-c0", ""},
		"topic: tab":                    {topics("a\tb"), "TOPIC-no-c0", ""},
		"topic: U+001F":                 {topics("a\x1f"), "TOPIC-no-c0", ""},
		"topic: DEL":                    {topics("a\x7fb"), "TOPIC-no-del-c1", ""},
		"topic: NEL":                    {topics("a\u0085b"), "TOPIC-no-del-c1", ""},
		"topic: U+009F":                 {topics("a\u009fb"), "TOPIC-no-del-c1", ""},
		"topic: soft hyphen":            {topics("a\u00adb"), "TOPIC-no-cf", ""},
		"topic: joiner":                 {topics("a\u200db"), "TOPIC-no-cf", ""},
		"topic: byte order mark":        {topics("\ufeffa"), "TOPIC-no-cf", ""},
		"topic: tag character":          {topics("a\U000e0041"), "TOPIC-no-cf", ""},
		"topic: star":                   {topics("*"), "PUB-star-topic", ""},
		"alternate: star":               {topics("ok", "*"), "PUB-star-topic", ""},
		"alternate: reserved":           {topics("ok", "/.well-known/mercure/x"), "PUB-reserved-resolve", ""},
		"alternate: control":            {topics("ok", "a\x00"), "TOPIC-no-c0", ""},
		"topic: empty":                  {topics(""), "PUB-reserved-resolve", ""},
		"topic: channel":                {topics("#general"), "PUB-reserved-resolve", ""},
		"topic: bare word":              {topics("mercure"), "PUB-reserved-resolve", ""},
		"topic: subscriptions":          {topics("/.well-known/mercure/subscriptions"), "PUB-reserved-resolve", "SEC-reserved-namespace"},
		"topic: one subscription":       {topics("mercure/subscriptions/a/b"), "PUB-reserved-resolve", "SEC-reserved-namespace"},
		"topic: disguised subscription": {topics("/x/..\\.well-known/mercur%65/subscriptions/a"), "PUB-reserved-resolve", "SEC-reserved-namespace"},
		"topic: beside subscriptions":   {topics("/.well-known/mercure/subscriptions2"), "PUB-reserved-resolve", ""},
		"data: ill-formed UTF-8":        {data("\x80"), "PUB-data-utf8", "PUB-data-utf8"},
		"id: hash":                      {id("#a"), "PUB-id-hash-400", "PUB-id-hash-400"},
		"id: earliest":                  {id("earliest"), "PUB-id-earliest-400", "PUB-id-earliest-400"},
		"id: line feed":                 {id("a\nb"), "PUB-id-control-400", "PUB-id-control-400"},
		"id: NUL":                       {id("a\x00"), "PUB-id-control-400", "PUB-id-control-400"},
		"id: DEL":                       {id("a\x7f"), "PUB-id-control-400", "PUB-id-control-400"},
		"id: NEL":                       {id("a\u0085"), "PUB-id-control-400", "PUB-id-control-400"},
		"id: zero width space":          {id("a\u200b"), "PUB-id-cf-400", "PUB-id-cf-400"},
		"id: ill-formed UTF-8":          {id("\xff"), "PUB-utf8-names-values", "PUB-utf8-names-values"},
		"type: line feed":               {kind("a\ndata: x"), "PUB-type-control-400", "PUB-no-sse-injection"},
		"type: carriage return":         {kind("a\r"), "PUB-type-control-400", "PUB-no-sse-injection"},
		"type: tab":                     {kind("a\tb"), "PUB-type-control-400", ""},
		"type: tab and line feed":       {kind("a\t\n"), "PUB-type-control-400", "PUB-no-sse-injection"},
		"type: soft hyphen":             {kind("a\u00adb"), "PUB-type-cf-400", ""},
		"type: joiner and line feed":    {kind("\u200d\n"), "PUB-type-cf-400", "PUB-no-sse-injection"},
		"type: ill-formed UTF-8":        {kind("\xff"), "PUB-utf8-names-values", "PUB-utf8-names-values"},
		"type: mercure":                 {kind("mercure"), "PUB-type-mercure-400", ""},
		"retry: minus":                  {retry("-1"), "PUB-retry-digits-400", "PUB-retry-digits-400"},
		"retry: plus":                   {retry("+5"), "PUB-retry-digits-400", "PUB-retry-digits-400"},
		"retry: fraction":               {retry("1.5"), "PUB-retry-digits-400", "PUB-retry-digits-400"},
		"retry: space":                  {retry(" 5"), "PUB-retry-digits-400", "PUB-retry-digits-400"},
		"retry: Arabic digit":           {retry("٥"), "PUB-retry-digits-400", "PUB-retry-digits-400"},
		"retry: unit":                   {retry("1s"), "PUB-retry-digits-400", "PUB-retry-digits-400"},
		"retry: line feed":              {retry("1\n"), "PUB-retry-digits-400", "PUB-retry-digits-400"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			rules := anyRules()
			for generations, rule := range map[Generations]string{
				Both: test.current, Only(Current): test.current, Only(Legacy): test.legacy,
			} {
				rules.Generations = generations
				_, err := NewUpdate(valid(test.edit), rules)
				if rule == "" && err != nil {
					t.Errorf("a 0.x-only hub refuses it: %v", err)
				} else if rule != "" {
					if fault := checkFault(t, err, rule); fault.TooLarge {
						t.Error("it is answered with 413, want 400")
					}
				}
			}
		})
	}
}

func TestNewUpdateAccepts(t *testing.T) {
	tests := map[string]func(*Fields){
		"no data, PUB-data-optional":                 data(""),
		"control characters in data, PUB-data-exact": data("\x00\x01\x7f\u0085\u200b\r\n{not json"),
		"empty id, PUB-id-empty":                     id(""),
		"hash within an id":                          id("a#"),
		"Earliest":                                   id("Earliest"),
		"earliest2":                                  id("earliest2"),
		"id outside ASCII":                           id("id-日本"),
		"id with spaces":                             id(" a b "),
		"Mercure as a type":                          kind("Mercure"),
		"mercure2 as a type":                         kind("mercure2"),
		"type with a colon":                          kind(": a"),
		"retry of zero":                              retry("0"),
		"retry with leading zeros":                   retry("007"),
		"retry beyond 64 bits, PUB-retry-big":        retry("99999999999999999999"),
		"two stars, PUB-star-topic":                  topics("**", "https://e.x/*"),
		"any string as a topic, TOPIC-opaque":        topics("chat room 1", "café", "日本", "{{{"),
		"the replacement character itself":           topics("\ufffd"),
		"a topic that does not parse":                topics("http://["),
		"no break space":                             topics("a\u00a0b"),
		"repeated topics, PUB-topic-repeat":          topics("a", "b", "a"),
	}
	for name, edit := range tests {
		t.Run(name, func(t *testing.T) {
			f := valid(edit)
			f.Private = true
			u, err := NewUpdate(f, anyRules())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(u.Topics(), f.Topics) || u.Data() != f.Data || !u.Private() ||
				u.ID().String() != f.ID || u.ID().IsZero() != (f.ID == "") || u.Type().String() != f.Type || u.Retry() != f.Retry {
				t.Errorf("got %+v, want what was given: %+v", u, f)
			}
		})
	}
}

func TestUpdateIsImmutable(t *testing.T) {
	given := []string{"a", "b"}
	u := mustUpdate(t, Fields{Topics: given})
	given[0] = "*"
	if u.Topics()[0] != "a" {
		t.Error("changing the slice given to NewUpdate changed the update")
	}
}

func TestPublishLimits(t *testing.T) {
	long := strings.Repeat("1", MaxField)
	many := slices.Repeat([]string{"t"}, DefaultMaxTopics)
	configured := anyRules()
	configured.MaxTopics, configured.MaxField = 2, 10
	tests := map[string]struct {
		fields Fields
		rules  Rules
		rule   string
	}{
		"as many topics as allowed":      {Fields{Topics: many}, anyRules(), ""},
		"one topic more":                 {Fields{Topics: append(many, "t")}, anyRules(), "LIMIT-publish-topics"},
		"configured number of topics":    {Fields{Topics: many[:3]}, configured, "LIMIT-publish-topics"},
		"a topic as long as allowed":     {valid(topics(long)), anyRules(), ""},
		"a topic one byte longer":        {valid(topics("t", long+"1")), anyRules(), "LIMIT-publish-field"},
		"an id one byte longer":          {valid(id(long + "1")), anyRules(), "LIMIT-publish-field"},
		"a type one byte longer":         {valid(kind(long + "1")), anyRules(), "LIMIT-publish-field"},
		"a retry as long as allowed":     {valid(retry(long)), anyRules(), ""},
		"a retry one byte longer":        {valid(retry(long + "1")), anyRules(), "LIMIT-publish-field"},
		"configured length":              {Fields{Topics: []string{"12345678901"}}, configured, "LIMIT-publish-field"},
		"a limit before any other fault": {Fields{Topics: []string{"12345678901\n"}}, configured, "LIMIT-publish-field"},
		"data has no limit here":         {valid(data(strings.Repeat(long, 10))), anyRules(), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := NewUpdate(test.fields, test.rules)
			if test.rule == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if fault := checkFault(t, err, test.rule); !fault.TooLarge {
				t.Error("it is answered with 400, want 413 (LIMIT-publish-exceeded-413)")
			}
		})
	}
}

// The constraints name general category Cf of Unicode 17. The tables of the Go
// toolchain may be of an earlier version; these are all the code points.
func TestFormatCharactersAreThoseOfUnicode17(t *testing.T) {
	ranges := [][2]rune{
		{0xad, 0xad}, {0x600, 0x605}, {0x61c, 0x61c}, {0x6dd, 0x6dd}, {0x70f, 0x70f}, {0x890, 0x891}, {0x8e2, 0x8e2},
		{0x180e, 0x180e}, {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x2064}, {0x2066, 0x206f}, {0xfeff, 0xfeff},
		{0xfff9, 0xfffb}, {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
		{0x1d173, 0x1d17a}, {0xe0001, 0xe0001}, {0xe0020, 0xe007f},
	}
	cf := func(r rune) bool {
		return slices.ContainsFunc(ranges, func(bounds [2]rune) bool { return bounds[0] <= r && r <= bounds[1] })
	}
	for r := rune(0xa0); r <= unicode.MaxRune; r++ {
		if r == 0xd800 {
			r = 0xe000
		}
		if d, _ := topicRules.inspect(string(r)); (d == format) != cf(r) {
			t.Errorf("%U: taken for a format character: %v; in Unicode 17: %v", r, d == format, cf(r))
		}
	}
}

func TestParseEventIDRefusesTheEmptyString(t *testing.T) {
	_, err := ParseEventID("")
	checkFault(t, err, "PUB-id-empty")
}

func TestFaultQuotesLittle(t *testing.T) {
	_, err := NewUpdate(valid(topics("mercure/"+strings.Repeat("é", 4000))), anyRules())
	if fault := checkFault(t, err, "PUB-reserved-resolve"); len(fault.Problem) > 400 {
		t.Errorf("the problem is %d bytes long", len(fault.Problem))
	}
}

func BenchmarkNewUpdate(b *testing.B) {
	rules := anyRules()
	f := Fields{Topics: []string{"https://example.com/books/1"}, Data: strings.Repeat("x", 500)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewUpdate(f, rules); err != nil {
			b.Fatal(err)
		}
	}
}

func TestNewUpdateAllocatesOnce(t *testing.T) {
	rules, f := anyRules(), valid(id("urn:uuid:0d5c2c8e-7f4b-4a5e-9d36-3a6d2f0f7a11"))
	if n := testing.AllocsPerRun(100, func() { NewUpdate(f, rules) }); n > 1 {
		t.Errorf("NewUpdate allocates %v times for one topic", n)
	}
}
