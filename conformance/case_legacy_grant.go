package main

// legacyGrantCases: what the claim `mercure` allows.
var legacyGrantCases = []Case{
	{
		ID:    "AUTH-0x-publish-claim",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for what, claims := range map[string]Claims{
				"no mercure claim":           {"sub": "conformance"},
				"no mercure.publish":         {"mercure": Claims{"subscribe": []string{"*"}}},
				"publish beside the claim":   {"publish": []string{"*"}},
				"an empty mercure claim":     {"mercure": Claims{}},
				"a payload only":             {"mercure": Claims{"payload": Claims{"publish": []string{"*"}}}},
				"1.0 grants beside an empty": {"mercure": Claims{}, "authorization_details": []any{Detail([]string{"publish"}, Matcher("", "*"))}},
			} {
				t.forbidden(what, claims)
			}
			if t.has(Variant("shared_keys")) { // where nothing but the claim tells roles apart
				t.On("shared_keys").forbidden("a subscriber's token", Claims{"mercure": Claims{"subscribe": []string{"*"}}})
			}
		},
	},
	{
		ID:    "AUTH-0x-publish-empty",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic := t.Topic("a")
			s := t.Subscribe(t.SubscriberToken(), topic)
			token := t.Token(Publisher, Grant{Publish: []string{}})
			t.WantStatus("publish: [], a public update", t.Post(token, Form("topic", topic)), 403)
			t.WantStatus("publish: [], a private update", t.Post(token, Form("topic", topic, "private", "on")), 403)
			s.Silent("publish: []", topic)
		},
	},
	{
		ID: "AUTH-0x-publish-every-topic",
		Run: func(t *T) {
			one, many := t.Topic("1"), t.Token(Publisher, Grant{Publish: []string{t.Topic("{id}")}})
			t.WantStatus("a topic that matches the template", t.Post(many, Form("topic", one)), 200)
			for what, topics := range map[string][]string{
				"a further topic":        {one, "b"},
				"a further topic, first": {"b", one},
				"only another topic":     {t.Topic("1/2")},
				"a third topic":          {one, t.Topic("2"), t.Topic("3/4")},
			} {
				var pairs []string
				for _, topic := range topics {
					pairs = append(pairs, "topic", topic)
				}
				t.WantStatus(what, t.Post(many, Form(pairs...)), 403)
			}
			t.WantStatus("two topics that match", t.Post(many, Form("topic", one, "topic", t.Topic("2"))), 200)
			two := t.Token(Publisher, Grant{Publish: []string{t.Topic("{id}"), t.Topic("x/{y}")}})
			t.WantStatus("topics that match a selector each", t.Post(two, Form("topic", one, "topic", t.Topic("x/2"))), 200)
		},
	},
	{
		ID:    "AUTH-0x-publish-partial",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			a, b := t.Topic("a"), t.Topic("b")
			onA, onB := t.Subscribe(t.SubscriberToken(), a), t.Subscribe(t.SubscriberToken(), b)
			token := t.Token(Publisher, Grant{Publish: []string{a}})
			t.Post(token, Form("topic", a, "topic", b))
			t.Post(token, Form("topic", b, "topic", a))
			onA.Silent("the stream on the granted topic", a)
			onB.Silent("the stream on the other topic", b)
		},
	},
	{
		ID: "AUTH-0x-publish-403",
		Run: func(t *T) {
			a, b := t.Topic("a"), t.Topic("b")
			token := t.Token(Publisher, Grant{Publish: []string{a}})
			t.WantStatus("topics a and b with publish: [a]", t.Post(token, Form("topic", a, "topic", b)), 403)
			t.WantStatus("topics b and a with publish: [a]", t.Post(token, Form("topic", b, "topic", a)), 403)
			t.WantStatus("topic b with publish: [a]", t.Post(token, Form("topic", b)), 403)
			t.WantStatus("topic a with publish: [a]", t.Post(token, Form("topic", a)), 200)
		},
	},
	{
		ID:    "AUTH-0x-subscribe-claim",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			header, _ := t.Claims(Grant{})
			for what, claims := range map[string]Claims{
				"no mercure claim":     {"sub": "conformance"},
				"no mercure.subscribe": {"mercure": Claims{"publish": []string{"*"}}},
				"subscribe: []":        {"mercure": Claims{"subscribe": []string{}}},
			} {
				t.publicOnly(what, t.Sign(Subscriber, header, claims))
			}
			if t.has(Variant("shared_keys")) { // where nothing but the claim tells roles apart
				shared := t.On("shared_keys")
				shared.publicOnly("a publisher's token", shared.PublisherToken())
			}
			topic := t.Topic("granted")
			s := t.Subscribe(t.Token(Subscriber, Grant{Subscribe: []string{topic}}), topic)
			s.Want("subscribe: the topic", t.Publish("topic", topic, "private", "on"))
		},
	},
	{
		ID:    "AUTH-0x-subscribe-any-topic",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			book, user := t.Topic("books/1"), t.Topic("users/foo/?topic=https%3A%2F%2Fexample.com%2Fbooks%2F1")
			token := t.Token(Subscriber, Grant{Subscribe: []string{t.Topic("users/foo/{?topic}")}})
			s := t.Subscribe(token, t.Topic("books/{id}"))
			alternate := t.Publish("topic", book, "topic", user, "private", "on")
			canonical := t.Publish("topic", user, "topic", book, "private", "on")
			t.Publish("topic", book, "private", "on")
			s.OnlyThen("private updates with a granted topic", book, alternate, canonical)
		},
	},
	{
		ID:    "AUTH-0x-subscribe-none",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			a, b := t.Topic("a"), t.Topic("b")
			s := t.Subscribe(t.Token(Subscriber, Grant{Subscribe: []string{a}}), "*")
			s.Never("subscribe: [a], stream on *, private update on b", a, t.Publish("topic", b, "private", "on"))
		},
	},
}

// forbidden asserts that a valid token with these claims may not publish, and
// that what it tried is not dispatched.
func (t *T) forbidden(what string, claims Claims) {
	header, _ := t.Claims(Grant{})
	topic := t.Topic("a")
	s := t.Subscribe("", topic)
	t.WantStatus("POST with "+what, t.Post(t.Sign(Publisher, header, claims), Form("topic", topic)), 403)
	s.Silent("after a POST with "+what, topic)
}

// publicOnly asserts that a stream with this token gets public updates alone.
func (t *T) publicOnly(what, token string) {
	topic := t.Topic("public")
	s := t.Subscribe(token, topic)
	t.Publish("topic", topic, "private", "on")
	s.OnlyThen(what, topic, t.Publish("topic", topic))
}
