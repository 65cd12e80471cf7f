package wronghub

// Defects of validating tokens.
const (
	IgnoresFurtherParts       Defect = "ignores what comes after a token's third part"
	IgnoresTyp                Defect = "takes a token of any typ for one of 1.0"
	ComparesTypAsItIs         Defect = "compares typ byte for byte"
	IgnoresCrit               Defect = "ignores critical extensions"
	AcceptsEveryHMAC          Defect = "accepts HS512 where HS256 is configured"
	AcceptsAlgNone            Defect = "accepts tokens without a signature that say so"
	TakesPublicKeysForSecrets Defect = "verifies HS256 with the text of its public key"
	KnowsNoEdDSA              Defect = "does not accept EdDSA"
	IgnoresAlg                Defect = "does not look at alg"
	TrustsEveryKid            Defect = "does not verify tokens that name a key"
	TakesKeysFromTokens       Defect = "verifies a token with the key it brings"
	AllowsNoExp               Defect = "accepts 1.0 tokens without exp"
	IgnoresExp                Defect = "accepts expired tokens"
	IgnoresNbf                Defect = "accepts tokens that are not valid yet"
	TakesDatesInStrings       Defect = "reads dates in strings"
	RefusesFractions          Defect = "refuses dates in fractions of a second"
	ComparesAudienceByPrefix  Defect = "accepts tokens for whatever begins with its identifier"
	AllowsNoAudience          Defect = "accepts tokens for nobody"
	TrimsAudiences            Defect = "ignores a slash at the end of an audience"
	WantsOneAudience          Defect = "refuses tokens for several audiences"
	FoldsIssuers              Defect = "compares issuers in any case"
	WantsSubject              Defect = "refuses tokens without sub"
	TrimsIssuers              Defect = "ignores a slash at the end of an issuer"
	WantsLegacyExp            Defect = "refuses 0.x tokens without exp"
	OutlivesExp               Defect = "leaves streams open after their token's exp"
	ExpiresAtEventsOnly       Defect = "notices exp when it sends an event"
	GivesExpLeeway            Defect = "closes streams a little after their token's exp"
)

var tokenDefects = map[Defect][]Catch{
	IgnoresFurtherParts: {{"AUTH-jws-compact", "status 200, want 401"}},
	IgnoresTyp:          {{"AUTH-typ", "status 200, want 401"}},
	ComparesTypAsItIs:   {{"AUTH-typ-equivalents", "status 401, want 200"}},
	IgnoresCrit:         {{"AUTH-crit", "status 200, want 401"}},
	AcceptsEveryHMAC:    {{"AUTH-alg-allowlist", "status 200, want 401"}},
	AcceptsAlgNone: {
		{"AUTH-alg-none", "status 200, want 401"},
		{"AUTH-0x-signature", "status 200, want 401"},
	},
	TakesPublicKeysForSecrets: {
		{"AUTH-alg-not-from-token", "status 200, want 401"},
		{"AUTH-0x-signature", "status 200, want 401"},
	},
	KnowsNoEdDSA:        {{"AUTH-alg-defaults", "status 401, want 200"}},
	IgnoresAlg:          {{"AUTH-alg-key-match", "status 200, want 401"}},
	TrustsEveryKid:      {{"AUTH-key-trusted-set", "status 200, want 401"}},
	TakesKeysFromTokens: {{"AUTH-key-not-from-token", "status 200, want 401"}},
	AllowsNoExp:         {{"AUTH-exp-required", "status 200, want 401"}},
	IgnoresExp: {
		{"AUTH-exp-enforced", "status 200, want 401"},
		{"AUTH-0x-expired", "status 200, want 401"},
		{"AUTH-leeway", "status 200, want 401"},
	},
	IgnoresNbf: {
		{"AUTH-nbf", "status 200, want 401"},
		{"AUTH-0x-expired", "status 200, want 401"},
		{"AUTH-leeway", "status 200, want 401"},
	},
	TakesDatesInStrings:      {{"AUTH-exp-type", "status 200, want 401"}},
	RefusesFractions:         {{"AUTH-exp-type", "status 401, want 200"}},
	ComparesAudienceByPrefix: {{"AUTH-aud-checked", "status 200, want 401"}},
	AllowsNoAudience:         {{"AUTH-aud-checked", "status 200, want 401"}},
	TrimsAudiences:           {{"AUTH-aud-checked", "status 200, want 401"}},
	WantsOneAudience:         {{"AUTH-aud-forms", "status 401, want 200"}},
	FoldsIssuers:             {{"AUTH-iss-checked", "status 200, want 401"}},
	WantsSubject:             {{"AUTH-other-claims", "status 401, want 200"}},
	TrimsIssuers:             {{"AUTH-iss-checked", "status 200, want 401"}},
	WantsLegacyExp:           {{"AUTH-0x-no-exp", "status 401, want 200"}},
	OutlivesExp: {
		{"AUTH-exp-close", "is open at its token's exp"},
		{"AUTH-0x-exp-close", "after the time given by exp"},
	},
	ExpiresAtEventsOnly: {
		{"AUTH-exp-close", "is open at its token's exp"},
		{"AUTH-0x-exp-close", "after the time given by exp"},
	},
	GivesExpLeeway: {
		{"AUTH-exp-close", "is open at its token's exp"},
		{"AUTH-0x-exp-close", "after the time given by exp"},
	},
}
