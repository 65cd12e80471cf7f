package wronghub

// Defects of publishing: the request, its topics and its answer.
const (
	RefusesPost               Defect = "knows no POST"
	DispatchesNothing         Defect = "dispatches nothing"
	TakesAnyPublishBody       Defect = "reads the body of a POST as a form, whatever it says it is"
	ComparesMediaTypeAsItIs   Defect = "compares Content-Type byte for byte"
	RefusesOtherFields        Defect = "refuses fields that are none of the protocol's"
	AllowsNoTopic             Defect = "accepts an update without a topic"
	RefusesSecondTopic        Defect = "refuses a second topic"
	ChecksFirstTopicOnly      Defect = "checks the first topic only"
	WantsTopicsToBeURLs       Defect = "refuses topics that are no URLs"
	AllowsC0InTopics          Defect = "allows C0 control characters in topics"
	AllowsC1InTopics          Defect = "allows DEL and C1 control characters in topics"
	AllowsFormatInTopics      Defect = "allows format characters in topics"
	AllowsWildcardTopic       Defect = "accepts the topic that is an asterisk"
	RefusesAsterisks          Defect = "refuses topics with an asterisk in them"
	ReservesNothing           Defect = "lets publishers use the hub's own namespace"
	ReservesOwnOriginOnly     Defect = "reserves its path on its own origin only"
	ReservesTextAsWritten     Defect = "looks whether a topic, as it is written, begins with the reserved path"
	ComparesEncodedPath       Defect = "does not decode a topic's path before it compares it"
	DecodesTwice              Defect = "decodes a topic's path twice"
	DecodesWholePath          Defect = "decodes slashes in a topic's path before it compares it"
	KeepsEncodedDots          Defect = "does not know encoded dot segments of a topic's path"
	TakesBackslashesLiterally Defect = "takes a backslash in a topic for itself"
	KeepsSpacesAround         Defect = "does not remove spaces before it resolves a topic"
	ComparesPathWithQuery     Defect = "compares path and query of a topic together"
	ReservesAnywhere          Defect = "looks for the reserved path anywhere in a topic"
	ReservesEveryPrefix       Defect = "reserves every path that begins with its own"
	ReservesInAnyCase         Defect = "reserves its path in any case"
	RefusesUnparseableTopics  Defect = "refuses topics that are no references"
	ReservesDefaultPath       Defect = "reserves the default path, wherever it is"
	AuthorizesBeforeItChecks  Defect = "answers for a topic that nobody may use whether it is granted"
	DispatchesWhatItRefuses   Defect = "dispatches what it answers with 403"
	DispatchesBeforeItChecks  Defect = "dispatches what it finds malformed afterwards"
	AnswersCreated            Defect = "answers a publish with 201"
	AnswersSeeOther           Defect = "answers a publish with 303"
	EndsAnswersWithNewline    Defect = "ends the id it answers with a line break"
	OmitsCharset              Defect = "does not say in which charset it answers"
	AnswersJSON               Defect = "calls its answer JSON"
)

var publishDefects = map[Defect][]Catch{
	RefusesPost: {{"PUB-post", "want a success"}},
	DispatchesNothing: {
		{"PUB-dispatch", "no event within"},
		{"SSE-flush-events", "no event within"},
	},
	TakesAnyPublishBody: {
		{"PUB-form-refused", "status 200, want 400 or 415"},
		{"PUB-0x-form-refused", "want one from 400 to 499"},
	},
	ComparesMediaTypeAsItIs: {{"PUB-form-charset-param", "status 400, want 200"}},
	RefusesOtherFields:      {{"PUB-unknown-fields", "status 400, want 200"}},
	AllowsNoTopic: {
		{"PUB-topic-required", "status 200, want 400"},
		{"PUB-0x-topic-required", "status 200, want 400"},
	},
	RefusesSecondTopic:   {{"PUB-topic-repeat", "status 400, want 200"}},
	ChecksFirstTopicOnly: {{"PUB-topic-each-checked", "status 200, want 400"}},
	WantsTopicsToBeURLs:  {{"TOPIC-opaque", "status 400, want 200"}},
	AllowsC0InTopics: {
		{"TOPIC-no-c0", "status 200, want 400"},
		{"PUB-topic-each-checked", "status 200, want 400"},
	},
	AllowsC1InTopics:     {{"TOPIC-no-del-c1", "status 200, want 400"}},
	AllowsFormatInTopics: {{"TOPIC-no-cf", "status 200, want 400"}},
	AllowsWildcardTopic:  {{"PUB-star-topic", "status 200, want 400"}},
	RefusesAsterisks:     {{"PUB-star-topic", "status 400, want 200"}},
	ReservesNothing: {
		{"PUB-reserved-resolve", "status 200, want 400"},
		{"PUB-reserved-any-token", "status 200, want 400"},
	},
	ReservesOwnOriginOnly: {{"PUB-reserved-absolute", "status 200, want 400"}},
	ReservesTextAsWritten: {
		{"PUB-reserved-relative", "status 200, want 400"},
		{"PUB-reserved-absolute", "status 200, want 400"},
	},
	ComparesEncodedPath:       {{"PUB-reserved-decode", "status 200, want 400"}},
	DecodesTwice:              {{"PUB-reserved-decode", "status 400, want 200"}},
	DecodesWholePath:          {{"PUB-reserved-not-substring", "status 400, want 200"}},
	KeepsEncodedDots:          {{"PUB-reserved-dots", "status 200, want 400"}},
	TakesBackslashesLiterally: {{"PUB-reserved-backslash", "status 200, want 400"}},
	KeepsSpacesAround:         {{"PUB-reserved-backslash", "status 200, want 400"}},
	ComparesPathWithQuery:     {{"PUB-reserved-query-part", "status 200, want 400"}},
	ReservesAnywhere:          {{"PUB-reserved-query-part", "status 400, want 200"}},
	ReservesEveryPrefix:       {{"PUB-reserved-not-substring", "status 400, want 200"}},
	ReservesInAnyCase:         {{"PUB-reserved-case", "status 400, want 200"}},
	RefusesUnparseableTopics:  {{"PUB-reserved-unparseable", "status 400, want 200"}},
	ReservesDefaultPath:       {{"PUB-reserved-custom-path", "status 200, want 400"}},
	AuthorizesBeforeItChecks:  {{"PUB-reserved-any-token", "status 403, want 400"}},
	DispatchesWhatItRefuses: {
		{"PUB-rejected-not-dispatched", "a refused update was dispatched"},
		{"AUTH-publish-partial", "before the sentinel came"},
		{"AUTH-0x-publish-partial", "before the sentinel came"},
	},
	DispatchesBeforeItChecks: {{"PUB-rejected-not-dispatched", "a refused update was dispatched"}},
	AnswersCreated:           {{"PUB-200", "status 201, want 200"}},
	AnswersSeeOther:          {{"PUB-0x-success", "want a success"}},
	EndsAnswersWithNewline:   {{"PUB-body-id", "want exactly the event's id"}},
	OmitsCharset:             {{"PUB-content-type", "want text/plain; charset=utf-8"}},
	AnswersJSON: {
		{"PUB-0x-content-type", "want text/plain"},
		{"PUB-content-type", "want text/plain; charset=utf-8"},
	},
}
