package wronghub

// Defects of asking for tokens and finding them.
const (
	PublishesWithoutToken       Defect = "lets anybody publish"
	TakesBadTokensForNone       Defect = "takes a subscriber with a bad token for an anonymous one"
	ForbidsStrangers            Defect = "answers a subscriber without a token with 403"
	WantsGrantToSubscribe       Defect = "refuses a stream to a token that may read nothing"
	IgnoresCookiesOfPublishers  Defect = "takes no cookies from publishers"
	IgnoresCookies              Defect = "takes no cookies"
	TakesTokensFromURLs         Defect = "takes tokens from the query, in 1.0 too"
	TakesTokensFromBodies       Defect = "takes tokens from the form"
	PrefersCookies              Defect = "takes a cookie before the header"
	FallsBackToCookies          Defect = "takes the cookie when the header's token is bad"
	RefusesTwoMeans             Defect = "refuses a header beside a cookie"
	TakesGluedBearer            Defect = "takes a token without a space before it"
	WantsBearerCapitalized      Defect = "knows Bearer in this spelling only"
	SkipsOtherSchemes           Defect = "takes the cookie when the header is of another scheme"
	TakesFirstOfTwoHeaders      Defect = "takes the first of two Authorization fields"
	PrefersCookiesToURLs        Defect = "takes a cookie before the query parameter"
	IgnoresTokensInURLs         Defect = "takes no tokens from the query, in 0.x either"
	PrefersURLs                 Defect = "takes the query parameter before the header"
	CachesTokensInURLs          Defect = "lets anybody cache what a token in a URL was for"
	ChallengesNobody            Defect = "answers 401 without a challenge"
	NamesErrorWithoutToken      Defect = "names an error where no token was presented"
	ChallengesWithoutParameters Defect = "challenges with the bare word Bearer"
	ForbidsWithoutChallenge     Defect = "answers 403 without a challenge"
	ForbidsBadTokens            Defect = "answers a bad token with 403"
	ForbidsWithoutCode          Defect = "answers 403 without an error code"
	QuotesTokens                Defect = "says in its answer which token it refuses"
	AnswersUnprocessable        Defect = "answers what is malformed with 422"
	RepeatsErrorInBody          Defect = "repeats the error code in the body"
	RefusesTopicsWith401        Defect = "answers a topic that is not granted with 401"
)

var credentialDefects = map[Defect][]Catch{
	PublishesWithoutToken: {
		{"AUTH-publish-token", "status 200, want 401"},
		{"PUB-authorized", "status 200, want 401"},
		{"AUTH-open-publish", "status 200, want 401"},
		{"AUTH-0x-jws", "status 200, want 401"},
	},
	TakesBadTokensForNone: {
		{"AUTH-bad-token-not-anonymous", "status 200, want 401"},
		{"AUTH-0x-invalid-401", "status 200, want 401"},
	},
	ForbidsStrangers: {
		{"AUTH-anonymous", "status 403, want 200"},
		{"SUB-0x-require-auth", "status 403, want 200 or 401"},
	},
	WantsGrantToSubscribe: {{"AUTH-valid-token-no-grant", "status 403, want 200"}},
	IgnoresCookiesOfPublishers: {
		{"AUTH-mechanisms", "status 401, want 200"},
		{"AUTH-0x-mechanisms", "status 401, want 200"},
	},
	IgnoresCookies: {
		{"AUTH-cookie-used", "status 401, want 200"},
		{"AUTH-cookie-name", "status 401, want 200"},
		{"AUTH-0x-cookie-name", "no event within"},
		{"AUTH-0x-cookie-other-name", "no event within"},
	},
	TakesTokensFromURLs:   {{"AUTH-no-uri-token", "status 200, want 401"}},
	TakesTokensFromBodies: {{"AUTH-no-body-token", "status 200, want 401"}},
	PrefersCookies: {
		{"AUTH-header-wins", "status 401, want 200"},
		{"AUTH-0x-header-first", "status 401, want 200"},
	},
	FallsBackToCookies: {
		{"AUTH-header-no-fallback", "status 200, want 401"},
		{"AUTH-0x-header-first", "status 200, want 401"},
	},
	RefusesTwoMeans:        {{"AUTH-both-not-rejected", "status 400, want 200"}},
	TakesGluedBearer:       {{"AUTH-header-syntax", "status 200, want 400 or 401"}},
	WantsBearerCapitalized: {{"AUTH-header-scheme-case", "status 401, want 200"}},
	SkipsOtherSchemes:      {{"AUTH-header-other-scheme", "status 200, want 401"}},
	TakesFirstOfTwoHeaders: {{"AUTH-400-invalid-request", "status 200, want 400"}},
	PrefersCookiesToURLs:   {{"AUTH-0x-query-over-cookie", "status 401, want 200"}},
	IgnoresTokensInURLs: {
		{"AUTH-0x-query", "no event within"},
		{"AUTH-0x-query-over-cookie", "status 401, want 200"},
	},
	PrefersURLs:        {{"AUTH-0x-header-first", "status 401, want 200"}},
	CachesTokensInURLs: {{"AUTH-0x-query-cache", "want it to contain private"}},
	ChallengesNobody: {
		{"AUTH-401-no-token", "want a Bearer challenge"},
		{"AUTH-require-all", "want a Bearer challenge"},
	},
	NamesErrorWithoutToken: {
		{"AUTH-401-no-error-code", "has error \"invalid_token\", want \"\""},
		{"AUTH-header-other-scheme", "has error \"invalid_token\", want \"\""},
	},
	ChallengesWithoutParameters: {{"AUTH-challenge-has-param", "want Bearer and a parameter"}},
	ForbidsWithoutChallenge:     {{"AUTH-challenge-every-error", "want a Bearer challenge"}},
	ForbidsBadTokens:            {{"AUTH-401-invalid-token", "status 403, want 401"}, {"LIMIT-details-exceeded-401", "status 403, want 401"}},
	ForbidsWithoutCode:          {{"AUTH-403-insufficient-scope", "has error \"\", want \"insufficient_scope\""}},
	QuotesTokens: {
		{"AUTH-401-uniform", "want the one to a bad signature"},
		{"SEC-token-not-logged", "of a token"},
	},
	AnswersUnprocessable: {
		{"AUTH-400-malformed", "status 422, want 400"},
		{"AUTH-400-no-challenge-needed", "status 422, want 400"},
		{"AUTH-problem-details", "status 422, want 400"},
	},
	RepeatsErrorInBody: {{"AUTH-error-in-challenge", "want the code in the challenge alone"}},
	RefusesTopicsWith401: {
		{"AUTH-publish-403", "status 401, want 403"},
		{"AUTH-0x-publish-403", "status 401, want 403"},
	},
}
