// Package auth decides who may do what: the bytes of a token go in, [Grants]
// or a typed [Refusal] come out.
//
// It serves both token generations and never mixes them. A token whose JOSE
// typ is at+jwt is judged by 1.0 rules with 1.0 issuers' keys, any other by
// 0.x rules with the 0.x keys. Algorithms come from the configuration, never
// from the token. The package reads requests only to find the token in them;
// it writes no answer and no log line: what to answer is the hub's decision,
// and a Refusal's Reason goes to the operator's log and metrics, not to
// strangers.
//
// An [Authenticator] applies the rules of rules.go in order; its Explain tells
// the owner of a token about each of them. A [SigningKey] makes tokens, for
// people and tests.
package auth
