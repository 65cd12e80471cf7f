package wronghub

// Defects of matchers.
const (
	GrantsExactlyOnly            Defect = "knows no URL patterns in tokens"
	HasNoWildcard                Defect = "takes an asterisk for itself"
	ResolvesTypeBeforeWildcard   Defect = "takes an asterisk for a URL pattern where that is its type"
	TakesAsterisksForWildcard    Defect = "takes several asterisks for the wildcard"
	FoldsExactMatchers           Defect = "compares exact matchers in any case"
	ResolvesExactMatchers        Defect = "resolves exact matchers on the hub's URL"
	NormalizesExactMatchers      Defect = "decodes what it compares exactly"
	LeavesPatternEndsOpen        Defect = "matches beginnings of components"
	IgnoresModifiers             Defect = "does not repeat groups of a URL pattern"
	LetsNamesSpanSegments        Defect = "lets a name in a URL pattern stand for several segments"
	ClosesPatternTails           Defect = "takes components after the last one written for empty"
	LeavesPortsOpen              Defect = "lets a URL pattern without a port match any"
	FoldsPatterns                Defect = "compares URL patterns in any case"
	KeepsHostCase                Defect = "compares hosts of URL patterns as they are written"
	RefusesRelativePatterns      Defect = "refuses relative URL patterns"
	ResolvesOnHost               Defect = "resolves topics and patterns on the host it is reached at"
	KeepsTopicsRelative          Defect = "does not resolve relative topics"
	MatchesWhatDoesNotParse      Defect = "lets a topic that is no URL match every URL pattern"
	BacktracksInPatterns         Defect = "stands still while it works on a hard pattern"
	BreaksOffAtHardPatterns      Defect = "breaks the stream off that has a hard pattern"
	TakesHardPatternsForDead     Defect = "lets a URL pattern that its engine cannot evaluate match nothing"
	HasNoLegacyWildcard          Defect = "takes an asterisk for itself, in 0.x"
	ForgetsTemplateItself        Defect = "does not let a URI template match itself"
	ComparesTemplates            Defect = "takes a URI template for itself only"
	FindsTemplatesAnywhere       Defect = "looks for an expansion of a URI template anywhere in a topic"
	TakesAnyVariableName         Defect = "matches the names in a URI template loosely"
	MatchesWhatSelectorsBegin    Defect = "lets a selector of 0.x match what it begins"
	TakesBadTemplatesForWildcard Defect = "lets a selector that is no URI template match everything"
)

var matchDefects = map[Defect][]Catch{
	GrantsExactlyOnly:          {{"MATCH-both-types", "status 401, want 200"}},
	HasNoWildcard:              {{"MATCH-wildcard", "came those on"}},
	ResolvesTypeBeforeWildcard: {{"MATCH-wildcard-any-type", "came those on"}},
	TakesAsterisksForWildcard:  {{"MATCH-wildcard-exactly-star", "came those on"}},
	FoldsExactMatchers:         {{"MATCH-exact-bytes", "came those on"}},
	ResolvesExactMatchers:      {{"MATCH-exact-no-base", "came those on"}},
	NormalizesExactMatchers:    {{"MATCH-exact-no-normalization", "came those on"}},
	LeavesPatternEndsOpen:      {{"MATCH-pattern-standard", "came those on"}},
	IgnoresModifiers:           {{"MATCH-pattern-groups", "came those on"}},
	LetsNamesSpanSegments:      {{"MATCH-pattern-segment", "came those on"}},
	ClosesPatternTails:         {{"MATCH-pattern-open-tail", "came those on"}},
	LeavesPortsOpen:            {{"MATCH-pattern-default-port", "came those on"}},
	FoldsPatterns:              {{"MATCH-pattern-no-ignorecase", "came those on"}},
	KeepsHostCase:              {{"MATCH-pattern-host-case", "came those on"}},
	RefusesRelativePatterns:    {{"MATCH-pattern-absolute-relative", "status 400, want 200"}},
	ResolvesOnHost: {
		{"MATCH-pattern-base", "came those on"},
		{"MATCH-topic-base", "came those on"},
		{"AUTH-topics-pattern-base", "status 403, want 200"},
	},
	KeepsTopicsRelative:          {{"MATCH-topic-base", "came those on"}},
	MatchesWhatDoesNotParse:      {{"MATCH-pattern-unparseable-topic", "came those on"}},
	BacktracksInPatterns:         {{"MATCH-pattern-bounded", "want at most 1s | no event within | timeout awaiting response headers"}},
	BreaksOffAtHardPatterns:      {{"MATCH-pattern-limit-nomatch", "the stream ended before an expected event"}},
	TakesHardPatternsForDead:     {{"MATCH-pattern-regexp-refused", "came those on"}},
	HasNoLegacyWildcard:          {{"MATCH-0x-star", "came those on"}},
	ForgetsTemplateItself:        {{"MATCH-0x-equality", "came those on"}},
	ComparesTemplates:            {{"MATCH-0x-template", "came those on"}},
	FindsTemplatesAnywhere:       {{"MATCH-0x-template-whole", "came those on"}},
	TakesAnyVariableName:         {{"MATCH-0x-no-match", "came those on"}},
	MatchesWhatSelectorsBegin:    {{"MATCH-0x-no-match", "came those on"}},
	TakesBadTemplatesForWildcard: {{"MATCH-0x-invalid-template", "came those on"}},
}
