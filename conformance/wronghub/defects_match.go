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
	GrantsExactlyOnly:            {{"MATCH-both-types", ""}},
	HasNoWildcard:                {{"MATCH-wildcard", ""}},
	ResolvesTypeBeforeWildcard:   {{"MATCH-wildcard-any-type", ""}},
	TakesAsterisksForWildcard:    {{"MATCH-wildcard-exactly-star", ""}},
	FoldsExactMatchers:           {{"MATCH-exact-bytes", ""}},
	ResolvesExactMatchers:        {{"MATCH-exact-no-base", ""}},
	NormalizesExactMatchers:      {{"MATCH-exact-no-normalization", ""}},
	LeavesPatternEndsOpen:        {{"MATCH-pattern-standard", ""}},
	IgnoresModifiers:             {{"MATCH-pattern-groups", ""}},
	LetsNamesSpanSegments:        {{"MATCH-pattern-segment", ""}},
	ClosesPatternTails:           {{"MATCH-pattern-open-tail", ""}},
	LeavesPortsOpen:              {{"MATCH-pattern-default-port", ""}},
	FoldsPatterns:                {{"MATCH-pattern-no-ignorecase", ""}},
	KeepsHostCase:                {{"MATCH-pattern-host-case", ""}},
	RefusesRelativePatterns:      {{"MATCH-pattern-absolute-relative", ""}},
	ResolvesOnHost:               {{"MATCH-pattern-base", ""}, {"MATCH-topic-base", ""}, {"AUTH-topics-pattern-base", ""}},
	KeepsTopicsRelative:          {{"MATCH-topic-base", ""}},
	MatchesWhatDoesNotParse:      {{"MATCH-pattern-unparseable-topic", ""}},
	BacktracksInPatterns:         {{"MATCH-pattern-bounded", ""}},
	BreaksOffAtHardPatterns:      {{"MATCH-pattern-limit-nomatch", ""}},
	TakesHardPatternsForDead:     {{"MATCH-pattern-regexp-refused", ""}},
	HasNoLegacyWildcard:          {{"MATCH-0x-star", ""}},
	ForgetsTemplateItself:        {{"MATCH-0x-equality", ""}},
	ComparesTemplates:            {{"MATCH-0x-template", ""}},
	FindsTemplatesAnywhere:       {{"MATCH-0x-template-whole", ""}},
	TakesAnyVariableName:         {{"MATCH-0x-no-match", ""}},
	MatchesWhatSelectorsBegin:    {{"MATCH-0x-no-match", ""}},
	TakesBadTemplatesForWildcard: {{"MATCH-0x-invalid-template", ""}},
}
