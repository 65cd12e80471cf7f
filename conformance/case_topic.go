package main

// topicCases: topic strings.
var topicCases = []Case{
	{
		ID: "TOPIC-utf8",
		Run: func(t *T) {
			t.refusedTopic("%C3%28")
		},
	},
	{
		ID: "TOPIC-no-c0",
		Run: func(t *T) {
			for _, topic := range []string{"a%0Ab", "a%00b", "a%09b"} {
				t.refusedTopic(topic)
			}
		},
	},
	{
		ID: "TOPIC-no-del-c1",
		Run: func(t *T) {
			for _, topic := range []string{"a%7Fb", "a%C2%85b", "a%C2%9Fb"} {
				t.refusedTopic(topic)
			}
		},
	},
	{
		ID: "TOPIC-no-cf",
		Run: func(t *T) {
			for _, topic := range []string{"a%C2%ADb", "a%E2%80%8Db", "%EF%BB%BFa"} {
				t.refusedTopic(topic)
			}
			t.WantStatus("publishing topic café", t.Post(t.PublisherToken(), "topic=caf%C3%A9"), 200)
		},
	},
	{
		ID:    "TOPIC-opaque",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := "chat room " + t.run
			s := t.Subscribe("", topic)
			s.Want("a topic that is no IRI", t.Publish("topic", topic))
		},
	},
	{
		ID:    "TOPIC-private-audience",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe("", topic)
			t.Publish("topic", topic, "private", "on")
			s.Silent("a private update to a stranger", topic)
		},
	},
}

// refusedTopic publishes a topic, as written on the wire, and asserts that it
// is refused with 400.
func (t *T) refusedTopic(raw string) {
	t.WantStatus("publishing topic="+raw, t.Post(t.PublisherToken(), "topic="+raw), 400)
}
