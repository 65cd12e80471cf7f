package wronghub

// Defects of opening a stream.
const (
	EndsStreamsAtOnce         Defect = "ends a stream after its headers"
	OmitsAllow                Defect = "does not say which methods it has where it refuses one"
	TakesAnyQueryBody         Defect = "reads the body of a QUERY as a form, whatever it says it is"
	TrustsBodies              Defect = "takes every parameter of a body that begins with match for a matcher"
	IgnoresQueryBesideBody    Defect = "ignores the query component where there is a body"
	IgnoresCursorInBody       Defect = "does not look for a cursor in a body"
	PrefersBody               Defect = "lets the cursor in a body win over the query's"
	PrefersCursorParameter    Defect = "lets a cursor in a parameter win over the header's"
	TakesMatchForPattern      Defect = "reads match as a URL pattern"
	ComparesPatterns          Defect = "reads match_urlpattern as a string to compare"
	FoldsMatcherTypes         Defect = "takes match_URLPattern for match_urlpattern"
	KeepsPlusSigns            Defect = "does not decode a plus sign to a space"
	SplitsAtLastEqualsSign    Defect = "splits a parameter at its last equals sign"
	SplitsAtSemicolons        Defect = "takes a semicolon for a separator of parameters"
	DropsStrayPercents        Defect = "drops percent signs that encode nothing"
	ComparesEncodedNames      Defect = "compares parameter names before it decodes them"
	DropsBareNames            Defect = "ignores a name without an equals sign"
	FoldsParameterNames       Defect = "takes Match for match"
	IgnoresBadMatchNames      Defect = "ignores a parameter it does not know, even if it begins with match"
	ReservesLowerCaseOnly     Defect = "ignores parameters that begin with match in another case"
	TakesUnknownTypesForExact Defect = "takes a matcher of a type it does not know for an exact one"
	RefusesOtherParameters    Defect = "refuses parameters that are none of the protocol's"
	TakesNothingForEverything Defect = "takes a request without a matcher for one of everything"
	MendsUTF8                 Defect = "replaces what is not UTF-8 before it looks at it"
	AllowsC0InMatchers        Defect = "allows C0 control characters in matchers"
	AllowsC1InMatchers        Defect = "allows DEL and C1 control characters in matchers"
	AllowsFormatInMatchers    Defect = "allows format characters in matchers"
	TakesBadPatternsForDead   Defect = "lets a URL pattern that is none match nothing"
	LetsMatchersGrant         Defect = "lets any token read what its matchers match"
	HearsFirstMatcherOnly     Defect = "listens to the first matcher of a request only"
	WantsEveryMatcher         Defect = "sends what all matchers of a request match"
	RoutesByCanonicalOnly     Defect = "routes updates by their first topic only"
	SendsOncePerMatcher       Defect = "sends an update once for each matcher that matches it"
	RefusesBadTemplates       Defect = "refuses a selector of 0.x that is no URI template"
)

var subscribeDefects = map[Defect][]Catch{
	EndsStreamsAtOnce: {
		{"SUB-get", "the stream ended before an expected event"},
		{"SSE-redirect", "the stream ended before an expected event"},
	},
	OmitsAllow:             {{"SUB-allow-405", "want GET among them"}},
	TakesAnyQueryBody:      {{"SUB-body-form-encoded", "status 200, want 415 or 400"}},
	TrustsBodies:           {{"SUB-body-same-rules", "status 200, want 400"}},
	IgnoresQueryBesideBody: {{"SUB-body-union", "no event within"}},
	IgnoresCursorInBody: {
		{"SUB-body-cursor", "Mercure-Last-Event-ID is"},
		{"REPLAY-cursor-with-body", "Mercure-Last-Event-ID is"},
	},
	PrefersBody: {{"SUB-body-cursor-query-wins", "Mercure-Last-Event-ID is"}},
	PrefersCursorParameter: {
		{"SUB-body-cursor-header-wins", "Mercure-Last-Event-ID is"},
		{"REPLAY-header-precedence", "before the sentinel came"},
	},
	TakesMatchForPattern: {{"SUB-param-match", "came those on"}},
	ComparesPatterns: {
		{"SUB-param-match-urlpattern", "came those on"},
		{"SUB-param-combination", "came those on"},
		{"MATCH-both-types", "came those on"},
	},
	FoldsMatcherTypes:      {{"SUB-param-suffix-canonical", "status 200, want 400"}},
	KeepsPlusSigns:         {{"SUB-parse-urlencoded", "came those on"}},
	SplitsAtLastEqualsSign: {{"SUB-parse-urlencoded", "status 400, want 200"}},
	SplitsAtSemicolons:     {{"SUB-parse-semicolon", "came those on"}},
	DropsStrayPercents:     {{"SUB-parse-stray-percent", "came those on"}},
	ComparesEncodedNames:   {{"SUB-parse-decoded-names", "came those on"}},
	DropsBareNames: {
		{"SUB-parse-no-value", "want the same"},
		{"PUB-private-presence", "before the sentinel came"},
		{"PUB-0x-private-presence", "before the sentinel came"},
	},
	FoldsParameterNames:       {{"SUB-names-case-sensitive", "status 200, want 400"}},
	IgnoresBadMatchNames:      {{"SUB-reserved-prefix-400", "status 200, want 400"}},
	ReservesLowerCaseOnly:     {{"SUB-reserved-prefix-400", "status 200, want 400"}},
	TakesUnknownTypesForExact: {{"SUB-unsupported-type-400", "status 200, want 400"}},
	RefusesOtherParameters:    {{"SUB-other-params-ignored", "status 400, want 200"}},
	TakesNothingForEverything: {{"SUB-missing-matcher-400", "status 200, want 400"}},
	MendsUTF8: {
		{"SUB-value-utf8-400", "status 200, want 400"},
		{"TOPIC-utf8", "status 200, want 400"},
		{"PUB-utf8-names-values", "status 200, want 400"},
		{"PUB-data-utf8", "status 200, want 400"},
	},
	AllowsC0InMatchers:      {{"SUB-value-c0-400", "status 200, want 400"}},
	AllowsC1InMatchers:      {{"SUB-value-del-c1-400", "status 200, want 400"}},
	AllowsFormatInMatchers:  {{"SUB-value-cf-400", "status 200, want 400"}},
	TakesBadPatternsForDead: {{"SUB-value-bad-pattern-400", "status 200, want 400"}},
	LetsMatchersGrant: {
		{"SUB-routing-never-grants", "a private update came, want silence"},
		{"SUB-private-withheld", "before the sentinel came"},
	},
	HearsFirstMatcherOnly: {
		{"SUB-param-combination", "no event within"},
		{"SUB-0x-topic-param", "no event within"},
	},
	WantsEveryMatcher: {
		{"SUB-any-of", "no event within"},
		{"SUB-0x-any-of", "no event within"},
	},
	RoutesByCanonicalOnly: {
		{"SUB-any-of", "before the sentinel came"},
		{"SUB-0x-any-of", "before the sentinel came"},
		{"PUB-topic-any-dispatch", "no event within"},
	},
	SendsOncePerMatcher: {{"SUB-once-per-stream", "came 4 times"}},
	RefusesBadTemplates: {
		{"SUB-0x-any-selector", "status 400, want 200"},
		{"MATCH-0x-invalid-template", "status 400, want 200"},
	},
}
