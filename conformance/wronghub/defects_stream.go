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
	StreamsPlainText:           {{"SSE-content-type", ""}},
	HoldsHeadersBack:           {{"SSE-headers-at-once", ""}},
	BuffersEvents:              {{"SSE-flush-events", ""}},
	AnswersNothingWith204:      {{"SSE-204-stops", ""}},
	RedirectsNowhere:           {{"SSE-redirect", ""}},
	RefusesInTheStream:         {{"SSE-error-status", ""}},
	OmitsBlankLine:             {{"SSE-format", ""}},
	WritesLatin1:               {{"SSE-utf8", ""}},
	OmitsID:                    {{"SSE-id", ""}},
	OmitsType:                  {{"SSE-all-fields", ""}},
	NamesEveryType:             {{"SSE-event-field", ""}},
	SendsRetryAlways:           {{"SSE-retry-field", ""}},
	SendsRetryInSeconds:        {{"SSE-retry-field", ""}, {"SSE-all-fields", ""}},
	BreaksEventsAtLines:        {{"SSE-event-terminator", ""}},
	QuotesData:                 {{"SSE-data", ""}},
	SplitsDataAtLFOnly:         {{"SSE-data-lines", ""}, {"SSE-0x-data-lines", ""}},
	TrimsData:                  {{"SSE-data-trailing-newline", ""}},
	OmitsSpaceAfterColon:       {{"SSE-data-leading-space", ""}},
	OmitsEmptyData:             {{"SSE-data-empty", ""}},
	WritesFieldsInDataAsFields: {{"SSE-data-colon-safe", ""}, {"SSE-0x-data-lines", ""}},
	KeepsSilent:                {{"SSE-keepalive", ""}},
	BreaksOffAtLifetime:        {{"SSE-clean-end", ""}},
	IgnoresMaxLifetime:         {{"AUTH-max-lifetime", ""}},
}
