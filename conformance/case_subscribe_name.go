package main

// subscribeNameCases: how the query is parsed, and which names it may hold.
var subscribeNameCases = []Case{
	{
		ID:    "SUB-param-match",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes(Form("match", t.Topic(":id")), []string{t.Topic(":id")}, []string{t.Topic("1")})
		},
	},
	{
		ID:    "SUB-param-match-urlpattern",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes(Form("match_urlpattern", t.Topic("books/:id")), []string{t.Topic("books/1")}, []string{t.Topic("films/1")})
		},
	},
	{
		ID:    "SUB-param-combination",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			a, b := t.Topic("a"), t.Topic("b")
			t.Routes(Form("match", a, "match", b, "match_urlpattern", t.Topic("p/*")), []string{a, b, t.Topic("p/1")}, []string{t.Topic("c")})
		},
	},
	{
		ID:    "SUB-param-suffix-canonical",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for _, name := range []string{
				"match_URLPattern", "match_urlPattern", "match_URLPATTERN", "match_Exact", "match_EXACT", "match_exact+", "match_+exact",
			} {
				t.refusedSubscribe(name + "=" + t.Topic("a"))
			}
		},
	},
	{
		ID:    "SUB-parse-urlencoded",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes("match="+t.run+"+b&&match="+t.run+"=d&match="+t.run+"%2Bf",
				[]string{t.run + " b", t.run + "=d", t.run + "+f"}, []string{t.run + "+b", t.run, t.run + " f"})
		},
	},
	{
		ID:    "SUB-parse-semicolon",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			a, b := "a"+t.run, "b"+t.run
			t.Routes("match="+a+";"+b, []string{a + ";" + b}, []string{a, b})
			t.Routes("match="+a+";match="+b, []string{a + ";match=" + b}, []string{a, b})
		},
	},
	{
		ID:    "SUB-parse-stray-percent",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes("match="+t.run+"100%", []string{t.run + "100%"}, []string{t.run + "100"})
			t.Routes("match="+t.run+"%4&match="+t.run+"%zz%41", []string{t.run + "%4", t.run + "%zzA"}, []string{t.run})
		},
	},
	{
		ID:    "SUB-parse-decoded-names",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes("m%61tch="+t.Topic("a"), []string{t.Topic("a")}, []string{t.Topic("b")})
			t.refusedSubscribe("%6Datch_foo=" + t.Topic("a"))
			t.refusedSubscribe("match=" + t.Topic("a") + "&%6D%41tch=1")
		},
	},
	{
		ID:    "SUB-parse-no-value",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			bare, empty := t.Do(Request{Query: "match"}), t.Do(Request{Query: "match="})
			if bare.Status != empty.Status {
				t.Errorf("GET H?match: status %d, GET H?match=: status %d, want the same", bare.Status, empty.Status)
			}
			t.refusedSubscribe("match_bogus")
			t.refusedSubscribe("match=" + t.Topic("a") + "&match_bogus")
		},
	},
	{
		ID:    "SUB-names-case-sensitive",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for _, name := range []string{"Match", "MATCH", "mATCH"} {
				t.refusedSubscribe(name + "=" + t.Topic("a"))
			}
		},
	},
	{
		ID:    "SUB-reserved-prefix-400",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for _, name := range []string{
				"matchmaker", "match-x", "match_", "MATCHID", "match[]", "matches", "match.", "match1", "match+", "mAtCh_urlpattern", "match%00",
			} {
				t.refusedSubscribe("match=" + t.Topic("a") + "&" + name + "=1")
				t.refusedSubscribe(name + "=1&match=" + t.Topic("a"))
			}
		},
	},
	{
		ID:    "SUB-unsupported-type-400",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for _, name := range []string{"regexp", "glob", "x" + t.run} {
				if !t.advertises(name) {
					t.refusedSubscribe("match_" + name + "=" + t.Topic("a"))
				}
			}
		},
	},
	{
		ID:    "SUB-other-params-ignored",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			t.Routes(Form("match", t.Topic("a"), "foo", "bar", "topic", "x", "rematch", "1", "mat", "ch", "", "\x00"),
				[]string{t.Topic("a")}, []string{t.Topic("b")})
		},
	},
	{
		ID:    "SUB-missing-matcher-400",
		Needs: []Need{Anonymous},
		Run: func(t *T) {
			for _, query := range []string{"", "foo=bar", t.CursorParam() + "=earliest", "topics=T", "=match"} {
				t.refusedSubscribe(query)
			}
		},
	},
}
