package wronghub

import (
	"maps"
	"slices"
)

// A Defect is one way of being wrong; its value says which: it goes on after
// "a hub that". The constants stand by area in the files defects_*.go, each
// with the cases that catch it.
type Defect string

// A Catch is a case that notices a defect, and words of what it then says.
// Where that depends on which of several requests meets the defect first,
// Says has the words of each, separated by " | ".
type Catch struct{ Case, Says string }

// Defects returns every defect with the cases it is caught by.
func Defects() map[Defect][]Catch {
	all := make(map[Defect][]Catch)
	for _, area := range []map[Defect][]Catch{
		subscribeDefects,
		matchDefects,
		publishDefects,
		fieldDefects,
		streamDefects,
		replayDefects,
		credentialDefects,
		tokenDefects,
		grantDefects,
		originDefects,
		limitDefects,
		discoveryDefects,
		metadataDefects,
		issuerDefects,
		presenceDefects,
		listingDefects,
	} {
		maps.Copy(all, area)
	}
	return all
}

// is reports whether the hub has a defect.
func (h *Hub) is(d Defect) bool { return slices.Contains(h.config.Defects, d) }
