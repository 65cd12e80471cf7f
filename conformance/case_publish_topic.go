package main

// publishTopicCases: the topics of an update.
var publishTopicCases = []Case{
	{
		ID: "PUB-topic-required",
		Run: func(t *T) {
			t.refused("data=x")
		},
	},
	{
		ID: "PUB-0x-topic-required",
		Run: func(t *T) {
			t.refused("data=x")
		},
	},
	{
		ID: "PUB-topic-repeat",
		Run: func(t *T) {
			t.accepted(Form("topic", t.Topic("a"), "topic", t.Topic("b")))
		},
	},
	{
		ID:    "PUB-topic-any-dispatch",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			a, b := t.Topic("a"), t.Topic("b")
			canonical, alternate := t.Subscribe(t.SubscriberToken(), a), t.Subscribe(t.SubscriberToken(), b)
			id := t.Publish("topic", a, "topic", b)
			canonical.Want("the stream on the canonical topic", id)
			alternate.Want("the stream on the alternate topic", id)
		},
	},
	{
		ID: "PUB-topic-each-checked",
		Run: func(t *T) {
			ok := t.Topic("a")
			for _, bad := range []string{"*", t.hubPath() + "/x", "a\nb", "a\u200bb"} {
				t.refused(
					Form("topic", ok, "topic", bad),
					Form("topic", bad, "topic", ok),
					Form("topic", ok, "topic", t.Topic("b"), "topic", bad),
				)
			}
		},
	},
	{
		ID: "PUB-star-topic",
		Run: func(t *T) {
			t.refused(topicForms("*")...)
			t.accepted(topicForms("**", "https://e.x/*")...)
		},
	},
}
