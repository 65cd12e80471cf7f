package wronghub

// Defects of limits.
const (
	AdmitsOneTooMany        Defect = "serves one stream more than it allows"
	EndsAllForOneTooMany    Defect = "ends every stream when there is one too many"
	CountsWhoLeft           Defect = "counts streams that were left"
	CallsTooManyUnavailable Defect = "says 503 when streams are too many"
)

var limitDefects = map[Defect][]Catch{
	AdmitsOneTooMany: {
		{"LIMIT-connections-total", "another goes on, want it refused"},
		{"LIMIT-connections-429", "status 200, want 429"},
	},
	EndsAllForOneTooMany:    {{"LIMIT-connections-total", "the stream ended before an expected event"}},
	CountsWhoLeft:           {{"LIMIT-connections-total", "after another was left: status 429, want it served"}},
	CallsTooManyUnavailable: {{"LIMIT-connections-429", "status 503, want 429"}},
}
