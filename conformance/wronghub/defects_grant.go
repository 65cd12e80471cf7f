package wronghub

// Defects of what tokens grant.
const (
	FoldsDetailTypes             Defect = "takes the type of details in any case"
	ReadsForeignDetails          Defect = "wants details of other types to be like its own"
	TakesOneDetailForArray       Defect = "takes a detail for an array of one"
	SkipsStrangeDetails          Defect = "skips details that are no objects"
	WantsDetails                 Defect = "refuses a token without details"
	TakesOneActionForArray       Defect = "takes an action for an array of one"
	RefusesUnknownActions        Defect = "refuses a token with an action it does not know"
	FoldsActions                 Defect = "takes actions in any case"
	AllowsNoGrantedTopics        Defect = "accepts a detail with an empty list of topics"
	TakesStringsForMatchers      Defect = "takes a string for a matcher"
	TakesAnyPayload              Defect = "accepts a payload that is no object"
	MixesActions                 Defect = "grants every action of a token on every topic of it"
	SkipsBadDetails              Defect = "skips details that are not well-formed"
	SkipsBadMatchers             Defect = "skips matchers of a detail that are not well-formed"
	TakesMatcherWithoutMatch     Defect = "accepts a matcher without a match"
	GrantsPatternsByDefault      Defect = "takes a matcher without a type for a URL pattern"
	FoldsGrantedTypes            Defect = "takes matcher types in any case"
	SkipsUnknownGrantedTypes     Defect = "skips matchers of types it does not know"
	TakesNullTypeForNone         Defect = "takes a null for no matcher type"
	CompilesGrantedWildcards     Defect = "takes a granted asterisk for a URL pattern"
	SkipsBadGrantedPatterns      Defect = "skips granted URL patterns that are none"
	KeepsGrantedPatternsRelative Defect = "does not resolve relative URL patterns of tokens"
	AllowsAnythingInGrants       Defect = "allows control and format characters in granted matchers"
	AuthorizesFirstTopicOnly     Defect = "asks for a grant on the first topic only"
	AuthorizesPrivateOnly        Defect = "asks for a grant for private updates only"
	GrantsByCanonicalOnly        Defect = "grants reading by the first topic only"
	WantsEveryTopicGranted       Defect = "wants every topic granted of what a token reads"
	WantsGrantWhereItRoutes      Defect = "wants the topic granted that the matchers match"
	LetsEveryTokenRead           Defect = "lets every token read everything"
	StarvesUngranted             Defect = "sends nothing to a token that may read nothing private"
	SendsGrantedUnasked          Defect = "sends what a token may read, asked for or not"
	ReadsByPublishGrants         Defect = "lets a token read what it may publish"
	LetsEveryLegacyTokenPublish  Defect = "lets every 0.x token publish everything"
	ComparesLegacyGrants         Defect = "compares what 0.x tokens grant as strings"
	TakesEmptyClaimForAll        Defect = "takes an empty list of a 0.x token for everything"
)

var grantDefects = map[Defect][]Catch{
	FoldsDetailTypes:       {{"AUTH-detail-type", "status 200, want 403"}},
	ReadsForeignDetails:    {{"AUTH-detail-foreign-ignored", "status 401, want 200"}},
	TakesOneDetailForArray: {{"AUTH-detail-claim-array", "status 200, want 401"}},
	SkipsStrangeDetails:    {{"AUTH-detail-claim-array", "status 403, want 401"}},
	WantsDetails:           {{"AUTH-detail-none", "status 401, want 403"}},
	TakesOneActionForArray: {{"AUTH-detail-actions-shape", "status 200, want 401"}},
	RefusesUnknownActions:  {{"AUTH-detail-actions-unknown", "status 401, want 200"}},
	FoldsActions:           {{"AUTH-detail-actions-case", "status 200, want 403"}},
	AllowsNoGrantedTopics:  {{"AUTH-detail-topics-shape", "status 403, want 401"}},
	TakesStringsForMatchers: {
		{"AUTH-detail-topics-shape", "status 200, want 401"},
		{"AUTH-topics-object", "status 403, want 401"},
	},
	TakesAnyPayload: {{"AUTH-detail-payload-shape", "status 200, want 401"}},
	MixesActions:    {{"AUTH-detail-grant", "status 200, want 403"}},
	SkipsBadDetails: {
		{"AUTH-detail-all-or-nothing", "status 200, want 401"},
		{"AUTH-detail-no-partial", "status 403, want 401"},
	},
	SkipsBadMatchers: {
		{"AUTH-topics-object", "status 403, want 401"},
		{"AUTH-topics-bad-pattern", "status 403, want 401"},
	},
	TakesMatcherWithoutMatch:     {{"AUTH-topics-object", "status 403, want 401"}},
	GrantsPatternsByDefault:      {{"AUTH-topics-type-default", "status 200, want 403"}},
	FoldsGrantedTypes:            {{"AUTH-topics-type-case", "status 200, want 401"}},
	SkipsUnknownGrantedTypes:     {{"AUTH-topics-type-unsupported", "status 403, want 401"}},
	TakesNullTypeForNone:         {{"AUTH-topics-type-not-string", "status 200, want 401"}},
	CompilesGrantedWildcards:     {{"AUTH-topics-wildcard", "status 403, want 200"}},
	SkipsBadGrantedPatterns:      {{"AUTH-topics-bad-pattern", "status 403, want 401"}},
	KeepsGrantedPatternsRelative: {{"AUTH-topics-pattern-base", "status 403, want 200"}},
	AllowsAnythingInGrants:       {{"AUTH-topics-chars", "status 403, want 401"}},
	AuthorizesFirstTopicOnly: {
		{"AUTH-publish-all-topics", "status 200, want 403"},
		{"AUTH-0x-publish-every-topic", "status 200, want 403"},
	},
	AuthorizesPrivateOnly: {
		{"AUTH-publish-public-too", "status 200, want 403"},
		{"AUTH-0x-publish-empty", "status 200, want 403"},
	},
	GrantsByCanonicalOnly: {
		{"AUTH-subscribe-any-topic", "before the sentinel came"},
		{"AUTH-0x-subscribe-any-topic", "before the sentinel came"},
	},
	WantsEveryTopicGranted: {
		{"AUTH-subscribe-any-topic", "before the sentinel came"},
		{"AUTH-0x-subscribe-any-topic", "before the sentinel came"},
	},
	WantsGrantWhereItRoutes: {{"AUTH-subscribe-any-topic", "before the sentinel came"}},
	LetsEveryTokenRead: {
		{"AUTH-subscribe-none", "was delivered, want it withheld"},
		{"AUTH-0x-subscribe-none", "was delivered, want it withheld"},
		{"AUTH-0x-subscribe-claim", "before the sentinel came"},
	},
	StarvesUngranted: {
		{"AUTH-valid-token-no-grant", "no event within"},
		{"AUTH-0x-subscribe-claim", "no event within"},
	},
	SendsGrantedUnasked:  {{"AUTH-subscribe-routing-needed", "before the sentinel came"}},
	ReadsByPublishGrants: {{"AUTH-subscribe-action-only", "before the sentinel came"}},
	LetsEveryLegacyTokenPublish: {
		{"AUTH-0x-publish-claim", "status 200, want 403"},
		{"AUTH-0x-publish-403", "status 200, want 403"},
	},
	ComparesLegacyGrants: {
		{"AUTH-0x-publish-every-topic", "status 403, want 200"},
		{"AUTH-0x-subscribe-any-topic", "before the sentinel came"},
	},
	TakesEmptyClaimForAll: {{"AUTH-0x-publish-empty", "status 200, want 403"}},
}
