package wronghub

// Defects of limits.
const (
	AdmitsOneTooMany         Defect = "serves one stream more than it allows"
	AdmitsOneTooManyOfClient Defect = "serves one stream more than it allows one client"
	AdmitsOneTooManyOfToken  Defect = "serves one stream more than it allows one token"
	CountsTokensTogether     Defect = "counts the streams of all tokens as if they were one's"
	EndsAllForOneTooMany     Defect = "ends every stream when there is one too many"
	CountsWhoLeft            Defect = "counts streams that were left"
	CallsTooManyUnavailable  Defect = "says 503 when streams are too many"
	TakesAnyMatchers         Defect = "does not limit the matchers of a request"
	TakesAnyMatcher          Defect = "does not limit the length of a matcher"
	CallsMatchersTooLarge    Defect = "says 413 of too many or too long matchers"
	FailsOfTooManyTopics     Defect = "says 500 of too many matchers"
	TakesAnyBody             Defect = "does not limit the size of a publish"
	TakesAnyField            Defect = "does not limit the length of topic, id and type"
	TakesAnyTopics           Defect = "does not limit the topics of a publish"
	CallsTooLargeMalformed   Defect = "says 400 of a publish that is too large"
	DispatchesWhatIsTooLarge Defect = "dispatches an update whose fields are too large"
	LimitsOneLess            Defect = "refuses what just reaches its limits"
	TakesAnyDetails          Defect = "does not limit the authorization details of a token"
	TakesAnyGrantedTopics    Defect = "does not limit the topics of a detail"
	TakesAnyGrantedMatcher   Defect = "does not limit the length of a granted matcher"
)

var limitDefects = map[Defect][]Catch{
	AdmitsOneTooMany: {
		{"LIMIT-connections-total", "another goes on, want it refused"},
		{"LIMIT-connections-429", "status 200, want 429"},
	},
	AdmitsOneTooManyOfClient: {{"LIMIT-connections-client", "another goes on, want it refused"}},
	AdmitsOneTooManyOfToken: {
		{"LIMIT-token-subscriptions", "another goes on, want it refused"},
		{"LIMIT-token-429", "status 200, want 429"},
	},
	CountsTokensTogether: {{"LIMIT-token-subscriptions", "a stream of another token: status 429, want it served"}},
	EndsAllForOneTooMany: {
		{"LIMIT-connections-total", "the stream ended before an expected event"},
		{"LIMIT-connections-client", "the stream ended before an expected event"},
	},
	CountsWhoLeft:           {{"LIMIT-connections-total", "after another was left: status 429, want it served"}},
	CallsTooManyUnavailable: {{"LIMIT-connections-429", "status 503, want 429"}, {"LIMIT-token-429", "status 503, want 429"}},

	TakesAnyMatchers:      {{"LIMIT-matcher-count", "want a limit"}, {"LIMIT-0x-topic-count", "want a limit"}},
	TakesAnyMatcher:       {{"LIMIT-matcher-length", "want a limit"}},
	CallsMatchersTooLarge: {{"LIMIT-matcher-exceeded-400", "beyond 6 the status is 413, want 400"}},
	FailsOfTooManyTopics:  {{"LIMIT-0x-topic-count", "the status is 500, want 4xx"}},

	TakesAnyBody:             {{"LIMIT-publish-body", "want a limit"}},
	TakesAnyField:            {{"LIMIT-publish-field", "data one byte longer than id may be: status 413"}},
	TakesAnyTopics:           {{"LIMIT-publish-topics", "the hub accepts up to"}},
	CallsTooLargeMalformed:   {{"LIMIT-publish-exceeded-413", "the status is 400, want 413"}},
	DispatchesWhatIsTooLarge: {{"LIMIT-publish-exceeded-413", "publishes beyond a limit: before the sentinel came"}},
	LimitsOneLess:            {{"LIMIT-publish-topics", "accepts up to 4, want the 5"}, {"LIMIT-details-count", "accepts up to 6, want the 7"}},

	TakesAnyDetails:        {{"LIMIT-details-count", "want a limit"}},
	TakesAnyGrantedTopics:  {{"LIMIT-details-topics", "want a limit"}},
	TakesAnyGrantedMatcher: {{"LIMIT-details-pattern", "want a limit"}},
}
