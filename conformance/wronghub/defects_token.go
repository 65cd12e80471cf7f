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
	IgnoresAlg                Defect = "does not look at alg"
	TrustsEveryKid            Defect = "does not verify tokens that name a key"
	TakesKeysFromTokens       Defect = "verifies a token with the key it brings"
	AllowsNoExp               Defect = "accepts 1.0 tokens without exp"
	IgnoresExp                Defect = "accepts expired tokens"
	IgnoresNbf                Defect = "accepts tokens that are not valid yet"
	TakesDatesInStrings       Defect = "reads dates in strings"
	ComparesAudienceByPrefix  Defect = "accepts tokens for whatever begins with its identifier"
	WantsOneAudience          Defect = "refuses tokens for several audiences"
	TrimsIssuers              Defect = "ignores a slash at the end of an issuer"
	WantsLegacyExp            Defect = "refuses 0.x tokens without exp"
	OutlivesExp               Defect = "leaves streams open after their token's exp"
	GivesExpLeeway            Defect = "closes streams a little after their token's exp"
)

var tokenDefects = map[Defect][]Catch{
	IgnoresFurtherParts:       {{"AUTH-jws-compact", ""}},
	IgnoresTyp:                {{"AUTH-typ", ""}},
	ComparesTypAsItIs:         {{"AUTH-typ-equivalents", ""}},
	IgnoresCrit:               {{"AUTH-crit", ""}},
	AcceptsEveryHMAC:          {{"AUTH-alg-allowlist", ""}},
	AcceptsAlgNone:            {{"AUTH-alg-none", ""}, {"AUTH-0x-signature", ""}},
	TakesPublicKeysForSecrets: {{"AUTH-alg-not-from-token", ""}, {"AUTH-0x-signature", ""}},
	IgnoresAlg:                {{"AUTH-alg-key-match", ""}},
	TrustsEveryKid:            {{"AUTH-key-trusted-set", ""}},
	TakesKeysFromTokens:       {{"AUTH-key-not-from-token", ""}},
	AllowsNoExp:               {{"AUTH-exp-required", ""}},
	IgnoresExp:                {{"AUTH-exp-enforced", ""}, {"AUTH-0x-expired", ""}, {"AUTH-leeway", ""}},
	IgnoresNbf:                {{"AUTH-nbf", ""}, {"AUTH-0x-expired", ""}, {"AUTH-leeway", ""}},
	TakesDatesInStrings:       {{"AUTH-exp-type", ""}},
	ComparesAudienceByPrefix:  {{"AUTH-aud-checked", ""}},
	WantsOneAudience:          {{"AUTH-aud-forms", ""}},
	TrimsIssuers:              {{"AUTH-iss-checked", ""}},
	WantsLegacyExp:            {{"AUTH-0x-no-exp", ""}},
	OutlivesExp:               {{"AUTH-exp-close", ""}, {"AUTH-0x-exp-close", ""}},
	GivesExpLeeway:            {{"AUTH-exp-close", ""}, {"AUTH-0x-exp-close", ""}},
}
