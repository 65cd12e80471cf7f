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
	ReservesNothing           Defect = "lets publishers use the hub's own namespace"
	ReservesOwnOriginOnly     Defect = "reserves its path on its own origin only"
	ReservesTextAsWritten     Defect = "looks whether a topic, as it is written, begins with the reserved path"
	ComparesEncodedPath       Defect = "does not decode a topic's path before it compares it"
	DecodesWholePath          Defect = "decodes slashes in a topic's path before it compares it"
	KeepsDotSegments          Defect = "does not remove dot segments before it compares a topic's path"
	TakesBackslashesLiterally Defect = "takes a backslash in a topic for itself"
	ComparesPathWithQuery     Defect = "compares path and query of a topic together"
	ReservesAnywhere          Defect = "looks for the reserved path anywhere in a topic"
	ReservesEveryPrefix       Defect = "reserves every path that begins with its own"
	ReservesInAnyCase         Defect = "reserves its path in any case"
	RefusesUnparseableTopics  Defect = "refuses topics that are no references"
	ReservesDefaultPath       Defect = "reserves the default path, wherever it is"
	AuthorizesBeforeItChecks  Defect = "answers for a topic that nobody may use whether it is granted"
	DispatchesWhatItRefuses   Defect = "dispatches what it answers with 403"
	AnswersCreated            Defect = "answers a publish with 201"
	AnswersSeeOther           Defect = "answers a publish with 303"
	EndsAnswersWithNewline    Defect = "ends the id it answers with a line break"
	OmitsCharset              Defect = "does not say in which charset it answers"
	AnswersJSON               Defect = "calls its answer JSON"
)

var publishDefects = map[Defect][]Catch{
	RefusesPost:               {{"PUB-post", ""}},
	DispatchesNothing:         {{"PUB-dispatch", ""}, {"SSE-flush-events", ""}},
	TakesAnyPublishBody:       {{"PUB-form-refused", ""}, {"PUB-0x-form-refused", ""}},
	ComparesMediaTypeAsItIs:   {{"PUB-form-charset-param", ""}},
	RefusesOtherFields:        {{"PUB-unknown-fields", ""}},
	AllowsNoTopic:             {{"PUB-topic-required", ""}, {"PUB-0x-topic-required", ""}},
	RefusesSecondTopic:        {{"PUB-topic-repeat", ""}},
	ChecksFirstTopicOnly:      {{"PUB-topic-each-checked", ""}},
	WantsTopicsToBeURLs:       {{"TOPIC-opaque", ""}},
	AllowsC0InTopics:          {{"TOPIC-no-c0", ""}, {"PUB-topic-each-checked", ""}},
	AllowsC1InTopics:          {{"TOPIC-no-del-c1", ""}},
	AllowsFormatInTopics:      {{"TOPIC-no-cf", ""}},
	AllowsWildcardTopic:       {{"PUB-star-topic", ""}},
	ReservesNothing:           {{"PUB-reserved-resolve", ""}, {"PUB-reserved-any-token", ""}},
	ReservesOwnOriginOnly:     {{"PUB-reserved-absolute", ""}},
	ReservesTextAsWritten:     {{"PUB-reserved-relative", ""}, {"PUB-reserved-absolute", ""}},
	ComparesEncodedPath:       {{"PUB-reserved-decode", ""}},
	DecodesWholePath:          {{"PUB-reserved-not-substring", ""}},
	KeepsDotSegments:          {{"PUB-reserved-dots", ""}},
	TakesBackslashesLiterally: {{"PUB-reserved-backslash", ""}},
	ComparesPathWithQuery:     {{"PUB-reserved-query-part", ""}},
	ReservesAnywhere:          {{"PUB-reserved-query-part", ""}},
	ReservesEveryPrefix:       {{"PUB-reserved-not-substring", ""}},
	ReservesInAnyCase:         {{"PUB-reserved-case", ""}},
	RefusesUnparseableTopics:  {{"PUB-reserved-unparseable", ""}},
	ReservesDefaultPath:       {{"PUB-reserved-custom-path", ""}},
	AuthorizesBeforeItChecks:  {{"PUB-reserved-any-token", ""}},
	DispatchesWhatItRefuses:   {{"PUB-rejected-not-dispatched", ""}, {"AUTH-publish-partial", ""}, {"AUTH-0x-publish-partial", ""}},
	AnswersCreated:            {{"PUB-200", ""}},
	AnswersSeeOther:           {{"PUB-0x-success", ""}},
	EndsAnswersWithNewline:    {{"PUB-body-id", ""}},
	OmitsCharset:              {{"PUB-content-type", ""}},
	AnswersJSON:               {{"PUB-0x-content-type", ""}, {"PUB-content-type", ""}},
}
