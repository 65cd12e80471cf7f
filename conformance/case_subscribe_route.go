package main

// subscribeRouteCases: which updates a stream gets.
var subscribeRouteCases = []Case{
	{
		ID:    "SUB-routing-never-grants",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic, sentinel := t.Topic("a"), t.Topic("sentinel")
			for _, query := range []string{Form("match", "*"), Form("match_urlpattern", "*"), Form("match", topic), Form("match_urlpattern", t.Topic(":id"))} {
				s := t.Open(Request{Query: query + "&" + t.Topics(sentinel), Token: t.Token(Subscriber, Grant{})})
				secret := t.Publish("topic", topic, "private", "on")
				for _, e := range s.Until(sentinel) {
					if e.ID == secret {
						t.Errorf("%s without a grant: a private update came, want silence until the sentinel", query)
					}
				}
			}
		},
	},
	{
		ID:    "SUB-any-of",
		Needs: []Need{Anonymous},
		Run:   func(t *T) { t.anyOf() },
	},
	{
		ID:    "SUB-0x-any-of",
		Needs: []Need{Anonymous},
		Run:   func(t *T) { t.anyOf() },
	},
	{
		ID:    "SUB-once-per-stream",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			a, b := t.Topic("a"), t.Topic("b")
			query := Form("match", a, "match_urlpattern", "*", "match_urlpattern", t.Topic(":id"), "match", b)
			if t.Legacy() {
				query = Form("topic", a, "topic", "*", "topic", t.Topic("{id}"), "topic", b)
			}
			s := t.Open(Request{Query: query})
			id, n := t.Publish("topic", a, "topic", b), 0
			for _, e := range s.Until(a) {
				if e.ID == id {
					n++
				}
			}
			if n != 1 {
				t.Errorf("an update with two topics came %d times over a stream with four matchers for them, want once", n)
			}
		},
	},
	{
		ID:    "SUB-private-withheld",
		Needs: []Need{SubscriberKey},
		Run: func(t *T) {
			topic, first, second := t.Topic("a"), t.Topic("first"), t.Topic("second")
			granted := t.Subscribe(t.Token(Subscriber, Grant{Subscribe: []string{topic}}), topic, first)
			other := t.Subscribe(t.Token(Subscriber, Grant{Subscribe: []string{t.Topic("b")}}), topic, second)
			secret := t.Publish("topic", topic, "private", "on")
			granted.OnlyThen("the stream whose token grants the topic", first, secret)
			other.Silent("the stream whose token grants another topic", second)
		},
	},
	{
		ID:    "SUB-0x-topic-param",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes(Form("topic", t.run, "topic", t.Topic("{id}")), []string{t.run, t.Topic("1")}, []string{t.Topic("1/2")})
		},
	},
	{
		ID:    "SUB-0x-any-selector",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for _, tail := range []string{"a{b", "a}b", "{", "{}", "{a b}", "{!a}", "{a:0}", "a b", "%zz", "<>", "\"", "é", ""} {
				selector := t.run + tail
				t.Routes(Form("topic", selector), []string{selector}, []string{t.Topic("other")})
			}
		},
	},
	{
		ID: "SUB-0x-require-auth",
		Run: func(t *T) {
			t.WantStatus("GET H?topic=T without a token", t.Do(Request{Query: t.Topics(t.Topic("a"))}), 200, 401)
		},
	},
}

// anyOf asserts that one matching topic of an update is enough for one matcher
// of a stream, whichever they are.
func (t *T) anyOf() {
	a, b, z, sentinel := t.Topic("a"), t.Topic("b"), t.Topic("z"), t.Topic("sentinel")
	s := t.Subscribe("", a, b, sentinel)
	t.Publish("topic", z)
	s.OnlyThen("a stream on a and b, updates on z alone, then on z and others", sentinel,
		t.Publish("topic", b, "topic", z), t.Publish("topic", z, "topic", b), t.Publish("topic", z, "topic", a))
}
