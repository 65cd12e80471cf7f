package wronghub

// Defects of where the hub is, and of what it carries.
const (
	RedirectsFromDefaultPath Defect = "redirects from the default path to another"
	IsAnywhere               Defect = "is at every path that begins like its own"
	CollapsesEmptyParts      Defect = "takes empty parts of encrypted data for a mistake"
	RewritesJSON             Defect = "reads data that is JSON and writes it again"
)

var discoveryDefects = map[Defect][]Catch{
	RedirectsFromDefaultPath: {
		{"DISC-default-path", "subscribing at /.well-known/mercure: status 308, want 200"},
		{"DISC-0x-path", "publishing at /.well-known/mercure: status 308, want 200"},
	},
	IsAnywhere:          {{"DISC-default-path", "subscribing at /.well-known/mercur: status 200"}, {"DISC-0x-path", "want none of a hub's"}},
	CollapsesEmptyParts: {{"ENC-opaque", "a JWE with an empty key: event"}},
	RewritesJSON:        {{"ENC-opaque", "a JWE in JSON: event"}},
}
