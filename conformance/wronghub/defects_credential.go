package wronghub

// Defects of asking for tokens and finding them.
const (
	PublishesWithoutToken       Defect = "lets anybody publish"
	TakesBadTokensForNone       Defect = "takes a subscriber with a bad token for an anonymous one"
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
	PublishesWithoutToken:       {{"AUTH-publish-token", ""}, {"PUB-authorized", ""}, {"AUTH-open-publish", ""}, {"AUTH-0x-jws", ""}},
	TakesBadTokensForNone:       {{"AUTH-bad-token-not-anonymous", ""}, {"AUTH-0x-invalid-401", ""}},
	WantsGrantToSubscribe:       {{"AUTH-valid-token-no-grant", ""}},
	IgnoresCookiesOfPublishers:  {{"AUTH-mechanisms", ""}, {"AUTH-0x-mechanisms", ""}},
	IgnoresCookies:              {{"AUTH-cookie-used", ""}, {"AUTH-cookie-name", ""}, {"AUTH-0x-cookie-name", ""}, {"AUTH-0x-cookie-other-name", ""}},
	TakesTokensFromURLs:         {{"AUTH-no-uri-token", ""}},
	TakesTokensFromBodies:       {{"AUTH-no-body-token", ""}},
	PrefersCookies:              {{"AUTH-header-wins", ""}, {"AUTH-0x-header-first", ""}},
	FallsBackToCookies:          {{"AUTH-header-no-fallback", ""}, {"AUTH-0x-header-first", ""}},
	RefusesTwoMeans:             {{"AUTH-both-not-rejected", ""}},
	TakesGluedBearer:            {{"AUTH-header-syntax", ""}},
	WantsBearerCapitalized:      {{"AUTH-header-scheme-case", ""}},
	SkipsOtherSchemes:           {{"AUTH-header-other-scheme", ""}},
	TakesFirstOfTwoHeaders:      {{"AUTH-400-invalid-request", ""}},
	PrefersCookiesToURLs:        {{"AUTH-0x-query-over-cookie", ""}},
	CachesTokensInURLs:          {{"AUTH-0x-query-cache", ""}},
	ChallengesNobody:            {{"AUTH-401-no-token", ""}, {"AUTH-require-all", ""}},
	NamesErrorWithoutToken:      {{"AUTH-401-no-error-code", ""}},
	ChallengesWithoutParameters: {{"AUTH-challenge-has-param", ""}},
	ForbidsWithoutChallenge:     {{"AUTH-challenge-every-error", ""}},
	ForbidsBadTokens:            {{"AUTH-401-invalid-token", ""}},
	ForbidsWithoutCode:          {{"AUTH-403-insufficient-scope", ""}},
	QuotesTokens:                {{"AUTH-401-uniform", ""}, {"SEC-token-not-logged", ""}},
	AnswersUnprocessable:        {{"AUTH-400-malformed", ""}, {"AUTH-400-no-challenge-needed", ""}, {"AUTH-problem-details", ""}},
	RepeatsErrorInBody:          {{"AUTH-error-in-challenge", ""}},
	RefusesTopicsWith401:        {{"AUTH-publish-403", ""}, {"AUTH-0x-publish-403", ""}},
}
