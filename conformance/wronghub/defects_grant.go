package wronghub

// Defects of what tokens grant.
const (
	FoldsDetailTypes             Defect = "takes the type of details in any case"
	ReadsForeignDetails          Defect = "wants details of other types to be like its own"
	TakesOneDetailForArray       Defect = "takes a detail for an array of one"
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
	WantsGrantWhereItRoutes      Defect = "wants the topic granted that the matchers match"
	LetsEveryTokenRead           Defect = "lets every token read everything"
	SendsGrantedUnasked          Defect = "sends what a token may read, asked for or not"
	ReadsByPublishGrants         Defect = "lets a token read what it may publish"
	LetsEveryLegacyTokenPublish  Defect = "lets every 0.x token publish everything"
	TakesEmptyClaimForAll        Defect = "takes an empty list of a 0.x token for everything"
)

var grantDefects = map[Defect][]Catch{
	FoldsDetailTypes:             {{"AUTH-detail-type", ""}},
	ReadsForeignDetails:          {{"AUTH-detail-foreign-ignored", ""}},
	TakesOneDetailForArray:       {{"AUTH-detail-claim-array", ""}},
	WantsDetails:                 {{"AUTH-detail-none", ""}},
	TakesOneActionForArray:       {{"AUTH-detail-actions-shape", ""}},
	RefusesUnknownActions:        {{"AUTH-detail-actions-unknown", ""}},
	FoldsActions:                 {{"AUTH-detail-actions-case", ""}},
	AllowsNoGrantedTopics:        {{"AUTH-detail-topics-shape", ""}},
	TakesStringsForMatchers:      {{"AUTH-detail-topics-shape", ""}, {"AUTH-topics-object", ""}},
	TakesAnyPayload:              {{"AUTH-detail-payload-shape", ""}},
	MixesActions:                 {{"AUTH-detail-grant", ""}},
	SkipsBadDetails:              {{"AUTH-detail-all-or-nothing", ""}, {"AUTH-detail-no-partial", ""}},
	SkipsBadMatchers:             {{"AUTH-topics-object", ""}, {"AUTH-topics-bad-pattern", ""}},
	TakesMatcherWithoutMatch:     {{"AUTH-topics-object", ""}},
	GrantsPatternsByDefault:      {{"AUTH-topics-type-default", ""}},
	FoldsGrantedTypes:            {{"AUTH-topics-type-case", ""}},
	SkipsUnknownGrantedTypes:     {{"AUTH-topics-type-unsupported", ""}},
	TakesNullTypeForNone:         {{"AUTH-topics-type-not-string", ""}},
	CompilesGrantedWildcards:     {{"AUTH-topics-wildcard", ""}},
	SkipsBadGrantedPatterns:      {{"AUTH-topics-bad-pattern", ""}},
	KeepsGrantedPatternsRelative: {{"AUTH-topics-pattern-base", ""}},
	AllowsAnythingInGrants:       {{"AUTH-topics-chars", ""}},
	AuthorizesFirstTopicOnly:     {{"AUTH-publish-all-topics", ""}, {"AUTH-0x-publish-every-topic", ""}},
	AuthorizesPrivateOnly:        {{"AUTH-publish-public-too", ""}, {"AUTH-0x-publish-empty", ""}},
	GrantsByCanonicalOnly:        {{"AUTH-subscribe-any-topic", ""}, {"AUTH-0x-subscribe-any-topic", ""}},
	WantsGrantWhereItRoutes:      {{"AUTH-subscribe-any-topic", ""}},
	LetsEveryTokenRead:           {{"AUTH-subscribe-none", ""}, {"AUTH-0x-subscribe-none", ""}, {"AUTH-0x-subscribe-claim", ""}},
	SendsGrantedUnasked:          {{"AUTH-subscribe-routing-needed", ""}},
	ReadsByPublishGrants:         {{"AUTH-subscribe-action-only", ""}},
	LetsEveryLegacyTokenPublish:  {{"AUTH-0x-publish-claim", ""}, {"AUTH-0x-publish-403", ""}},
	TakesEmptyClaimForAll:        {{"AUTH-0x-publish-empty", ""}},
}
