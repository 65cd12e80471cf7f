package spec

// Update returns the subscription as the update that subscribers of a
// generation are sent, nil where it is not shown one (differences C6, C7): about
// its topic, private whoever listens (SUBS-private), and in 1.0 of the type that
// nobody can publish (SUBS-event-type). 0.x clients listen for the default type.
func (s *Subscription) Update(g Generation, hub string) *Update {
	if !s.Shows(g) {
		return nil
	}
	u := newUpdate(1)
	u.topics[0] = s.Topic(g, hub)
	u.data = string(s.AppendDocument(nil, g, hub))
	u.private = true
	if g == Current {
		u.typ = EventType{HubsEvent}
	}
	return u
}
