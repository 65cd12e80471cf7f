package wronghub

// Defects of the event stream.
const (
	StreamsPlainText           Defect = "calls its streams plain text"
	HoldsHeadersBack           Defect = "sends no headers before it has an event to send"
	BuffersEvents              Defect = "waits with events until there are many"
	AnswersNothingWith204      Defect = "answers 204 where there is nothing to send yet"
	RedirectsNowhere           Defect = "redirects without saying where to"
	RefusesInTheStream         Defect = "says in a stream of status 200 that it refuses"
	OmitsBlankLine             Defect = "does not end events with a blank line"
	WritesLatin1               Defect = "writes in ISO 8859-1"
	OmitsID                    Defect = "sends events without id"
	OmitsType                  Defect = "sends events without their type"
	NamesEveryType             Defect = "gives every event a type"
	SendsRetryWithUnit         Defect = "begins streams with a retry in seconds, and says so"
	SendsRetryAlways           Defect = "sends a retry with every event"
	SendsRetryInSeconds        Defect = "sends another retry than it was given"
	BreaksEventsAtLines        Defect = "puts a blank line between two lines of data"
	QuotesData                 Defect = "puts data in quotes"
	SplitsDataAtLFOnly         Defect = "takes only LF for the end of a line of data"
	TrimsData                  Defect = "removes line breaks from the end of data"
	OmitsSpaceAfterColon       Defect = "writes no space after the colon of a field"
	OmitsEmptyData             Defect = "sends an update without data as an event without a data field"
	WritesFieldsInDataAsFields Defect = "writes lines of data that look like fields as fields"
	KeepsSilent                Defect = "sends no comments on an idle stream"
	BreaksOffAtLifetime        Defect = "breaks the connection off at the end of a stream's lifetime"
	IgnoresMaxLifetime         Defect = "lets streams live for ever"
)

var streamDefects = map[Defect][]Catch{
	StreamsPlainText: {
		{"SSE-content-type", "want text/event-stream"},
		{"SUB-safe-body-method", "want text/event-stream"},
	},
	HoldsHeadersBack:      {{"SSE-headers-at-once", "timeout awaiting response headers"}},
	BuffersEvents:         {{"SSE-flush-events", "no event within"}},
	AnswersNothingWith204: {{"SSE-204-stops", "status 204, want 200"}},
	RedirectsNowhere:      {{"SSE-redirect", "without a Location"}},
	RefusesInTheStream:    {{"SSE-error-status", "status 200, want 401"}},
	OmitsBlankLine:        {{"SSE-format", "no event within"}},
	WritesLatin1:          {{"SSE-utf8", "which is not UTF-8"}},
	OmitsID:               {{"SSE-id", "has id \"\""}},
	OmitsType:             {{"SSE-all-fields", "want event t"}},
	NamesEveryType:        {{"SSE-event-field", "want it without an event field"}},
	SendsRetryWithUnit:    {{"SSE-retry-own", "want digits only"}},
	SendsRetryAlways:      {{"SSE-retry-field", "want it without a retry field"}},
	SendsRetryInSeconds: {
		{"SSE-retry-field", "want retry: 2500"},
		{"SSE-all-fields", "retry 1500"},
	},
	BreaksEventsAtLines: {{"SSE-event-terminator", "before the sentinel came"}},
	QuotesData:          {{"SSE-data", "want data"}},
	SplitsDataAtLFOnly: {
		{"SSE-data-lines", "data fields, want"},
		{"SSE-0x-data-lines", "no event and no retry"},
	},
	TrimsData:            {{"SSE-data-trailing-newline", "the event is"}},
	OmitsSpaceAfterColon: {{"SSE-data-leading-space", "want data"}},
	OmitsEmptyData:       {{"SSE-data-empty", "no event within"}},
	WritesFieldsInDataAsFields: {
		{"SSE-data-colon-safe", "want data"},
		{"SSE-0x-data-lines", "no event and no retry"},
	},
	KeepsSilent:         {{"SSE-keepalive", "no comment on an idle stream"}},
	BreaksOffAtLifetime: {{"SSE-clean-end", "the stream broke off"}},
	IgnoresMaxLifetime:  {{"AUTH-max-lifetime", "want it ended at the maximum lifetime"}},
}
