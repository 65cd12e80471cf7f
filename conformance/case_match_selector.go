package main

// matchSelectorCases: topic selectors of 0.x.
var matchSelectorCases = []Case{
	{
		ID:    "MATCH-0x-star",
		Needs: []Need{Anonymous},
		Run:   func(t *T) { t.Routes("topic=*", append(t.anyTopics(), "http://["+t.run), nil) },
	},
	{
		ID:    "MATCH-0x-equality",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for _, selector := range []string{t.Topic("{id}"), t.Topic("{?a,b}"), t.Topic("a"), t.run + "{a:3}", "{" + t.run + "}"} {
				t.Routes(Form("topic", selector), []string{selector}, []string{t.Topic("b/c")})
			}
		},
	},
	{
		ID:    "MATCH-0x-template",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.templates([]templateRow{
				{"{id}", []string{"1", "a%20b", "a,b", "caf%C3%A9", ""}},
				{"{?topic}", []string{"?topic=https%3A%2F%2Fe.x%2Fbooks%2F1", "?topic=", ""}},
				{"{+path}/here", []string{"foo/bar/here", "a:b/here"}},
				{"{#section}", []string{"#a", "#a/b", ""}},
				{"a{.format}", []string{"a.json", "a"}},
				{"{/a,b}", []string{"/x/y", "/x", ""}},
				{"{;x,y}", []string{";x=1;y=2", ";x;y=2", ";y=2"}},
				{"{?q,page}", []string{"?q=a&page=2", "?page=2", "?q=a", ""}},
				{"?fixed=1{&x}", []string{"?fixed=1&x=2", "?fixed=1"}},
				{"{id:3}", []string{"abc", "a"}},
				{"list{/items*}", []string{"list/a/b/c", "list"}},
				{"{?keys*}", []string{"?a=1&b=2", "?keys=1&keys=2"}},
				{"{a}/{b}", []string{"x/y"}},
				{"{a}-{b}", []string{"x-y", "x-y-z"}},
			}, nil)
		},
	},
	{
		ID:    "MATCH-0x-template-whole",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes(Form("topic", t.Topic("{id}")), []string{t.Topic("1")},
				[]string{t.Topic("1/2"), "x" + t.Topic("1"), t.Topic("1?q"), t.Topic("1#f"), t.Topic("1 ")})
			t.Routes(Form("topic", t.run+"{/a}/z"), []string{t.run + "/1/z"}, []string{t.run + "/1/z/", "x" + t.run + "/1/z", t.run + "/1"})
		},
	},
	{
		ID:    "MATCH-0x-no-match",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes(Form("topic", "a"+t.run), []string{"a" + t.run}, []string{"b" + t.run, "A" + t.run, "a", "a" + t.run + "/b", "x/a" + t.run})
			t.templates(nil, []templateRow{
				{"{id}", []string{"a b", "a/b", "é", "%zz"}},
				{"{?q,page}", []string{"?page=2&q=a", "?other=1", "?q=a&q=b", "page=2"}},
				{"{;x}", []string{";y=1", "x=1"}},
				{"{id:3}", []string{"abcd"}},
				{"a{.format}", []string{"a/json", "ajson"}},
				{"{#section}", []string{"section", "#é"}},
				{"{a}.b", []string{"x-b", "xyb"}},
			})
		},
	},
	{
		ID:    "MATCH-0x-invalid-template",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes("topic={{{", []string{"{{{"}, []string{"x" + t.run, t.run})
			for _, tail := range []string{"{{{", "{", "}", "{}", "{a", "{=a}", "{a b}/{c}", "{a:99999}", "{a:b}"} {
				selector := t.Topic(tail)
				t.Routes(Form("topic", selector), []string{selector}, []string{t.Topic("1"), t.Topic(""), t.Topic("1/2")})
			}
		},
	},
}

// A templateRow is a URI template, and topics; both without what is in front.
type templateRow struct {
	template string
	topics   []string
}

// templates asserts that templates receive, or do not receive, topics.
func (t *T) templates(to, past []templateRow) {
	own := func(r templateRow) (query string, topics []string) {
		for _, topic := range r.topics {
			topics = append(topics, t.Topic(topic))
		}
		return Form("topic", t.Topic(r.template)), topics
	}
	for _, r := range to {
		query, topics := own(r)
		t.Routes(query, topics, nil)
	}
	for _, r := range past {
		query, topics := own(r)
		t.Routes(query, nil, topics)
	}
}
