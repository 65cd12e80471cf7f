package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cinnabar/hub"
	"cinnabar/spec"
	"cinnabar/store"
)

// TestSettings loads settings from all their sources. Where two sources name
// the same setting, flags win over variables, variables over the reference
// image's, those over the file, and the file over the default.
func TestSettings(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		env  environment
		file string
		got  func(*settings) any
		want any
	}{
		"default":                        {got: addrOf, want: ":3000"},
		"file over default":              {file: "addr: :1", got: addrOf, want: ":1"},
		"server name over file":          {env: environment{"SERVER_NAME": ":2"}, file: "addr: :1", got: addrOf, want: ":2"},
		"variable over server name":      {env: environment{"SERVER_NAME": "http://b", "MERCURE_ADDR": ":3"}, got: addrOf, want: ":3"},
		"flag over all":                  {args: []string{"--addr", ":4"}, env: environment{"SERVER_NAME": ":2", "MERCURE_ADDR": ":3"}, file: "addr: :1", got: addrOf, want: ":4"},
		"flag with equals sign":          {args: []string{"--addr=:4"}, got: addrOf, want: ":4"},
		"last flag wins":                 {args: []string{"--addr=:4", "--addr=:5"}, got: addrOf, want: ":5"},
		"directive over file":            {env: environment{"MERCURE_EXTRA_DIRECTIVES": "heartbeat 30s"}, file: "heartbeat: 1s", got: heartbeatOf, want: 30 * time.Second},
		"variable over directive":        {env: environment{"MERCURE_EXTRA_DIRECTIVES": "heartbeat 30s", "MERCURE_HEARTBEAT": "2s"}, got: heartbeatOf, want: 2 * time.Second},
		"empty variable is unset":        {env: readEnvironment([]string{"MERCURE_ADDR="}), file: "addr: :1", got: addrOf, want: ":1"},
		"null in the file is unset":      {file: "addr:", got: addrOf, want: ":3000"},
		"empty file":                     {file: "# nothing", got: addrOf, want: ":3000"},
		"switch":                         {args: []string{"--anonymous"}, got: anonymousOf, want: true},
		"switch turned off":              {args: []string{"--anonymous=false"}, file: "anonymous: true", got: anonymousOf, want: false},
		"list by commas":                 {args: []string{"--cors-origins", "a,b"}, got: corsOf, want: []string{"a", "b"}},
		"list by repetition":             {args: []string{"--cors-origins", "a", "--cors-origins=b,c"}, got: corsOf, want: []string{"a", "b", "c"}},
		"list by spaces in a variable":   {env: environment{"MERCURE_CORS_ORIGINS": "a  b, c"}, got: corsOf, want: []string{"a", "b", "c"}},
		"list in the file":               {file: "cors_origins: [a, b]", got: corsOf, want: []string{"a", "b"}},
		"block list in the file":         {file: "cors_origins:\n  - a\n  - b", got: corsOf, want: []string{"a", "b"}},
		"scalar for a list in the file":  {file: "cors_origins: a", got: corsOf, want: []string{"a"}},
		"empty list clears":              {file: "cors_origins: []", got: corsOf, want: []string(nil)},
		"lists of layers are not mixed":  {args: []string{"--cors-origins=a"}, file: "cors_origins: [b]", got: corsOf, want: []string{"a"}},
		"1.0 in the file is no number":   {file: "protocols: [1.0]", got: generationsOf, want: spec.Only(spec.Current)},
		"both generations by default":    {got: generationsOf, want: spec.Both},
		"key with spaces in a variable":  {env: environment{"MERCURE_PUBLISHER_JWT_KEY": "a b, c"}, got: publisherKeyOf, want: "a b, c"},
		"key that looks like a flag":     {args: []string{"--publisher-jwt-key", "-----BEGIN PUBLIC KEY-----"}, got: publisherKeyOf, want: "-----BEGIN PUBLIC KEY-----"},
		"key in a block of the file":     {file: "publisher_jwt_key: |\n  one\n  two\n", got: publisherKeyOf, want: "one\ntwo\n"},
		"key in a file of its own":       {args: []string{"--publisher-jwt-key", "@" + secretFile(t)}, got: publisherKeyOf, want: "from a file"},
		"publisher_jwt with algorithm":   {env: environment{"MERCURE_EXTRA_DIRECTIVES": "publisher_jwt k HS512"}, got: func(s *settings) any { return s.publisherKey + s.publisherAlg }, want: "kHS512"},
		"size":                           {args: []string{"--max-body-size", "512KiB"}, got: func(s *settings) any { return s.maxBodySize }, want: int64(512 << 10)},
		"engine decides what to keep":    {got: keptBytes, want: int64(0)},
		"keeping without limit":          {args: []string{"--retention-bytes=0"}, got: keptBytes, want: int64(-1)},
		"days":                           {args: []string{"--retention-age=30d"}, got: func(s *settings) any { return s.retention.MaxAge }, want: 720 * time.Hour},
		"keys by default":                {got: keysOf, want: store.Window{MaxAge: 24 * time.Hour, MaxCount: 100_000}},
		"keys":                           {file: "idempotency_window: 7d\nidempotency_keys: 5000000", got: keysOf, want: store.Window{MaxAge: 168 * time.Hour, MaxCount: 5_000_000}},
		"no keys":                        {args: []string{"--idempotency-window=0"}, got: keysOf, want: store.Window{MaxAge: -1, MaxCount: 100_000}},
		"durability":                     {file: "durability: os", got: func(s *settings) any { return s.durability }, want: store.OS},
		"the file a variable names":      {env: environment{"MERCURE_CONFIG": configFileWith(t, "addr: :9")}, got: addrOf, want: ":9"},
		"connections":                    {env: environment{"MERCURE_MAX_CONNECTIONS": "5000"}, got: func(s *settings) any { return s.maxConnections }, want: 5000},
		"overload by default":            {got: func(s *settings) any { return s.overload }, want: hub.OverloadRetry},
		"overload":                       {file: "overload: status", got: func(s *settings) any { return s.overload }, want: hub.OverloadStatus},
		"legacy cookie disabled":         {args: []string{"--legacy-cookie-name=-"}, got: func(s *settings) any { return s.legacyCookieName }, want: "-"},
		"trusted issuer":                 {env: environment{"MERCURE_TRUSTED_ISSUERS": "https://a.example"}, got: func(s *settings) any { return s.trustedIssuer }, want: "https://a.example"},
		"sunset":                         {args: []string{"--legacy-sunset=2027-06-30"}, got: func(s *settings) any { return s.legacy.Sunset }, want: time.Date(2027, 6, 30, 0, 0, 0, 0, time.UTC)},
		"sunset to the minute":           {file: "legacy_sunset: 2027-06-30T12:30:00Z", got: func(s *settings) any { return s.legacy.Sunset }, want: time.Date(2027, 6, 30, 12, 30, 0, 0, time.UTC)},
		"legacy topics":                  {env: environment{"MERCURE_LEGACY_TOPICS": "a b/{c}"}, got: func(s *settings) any { return s.legacy.Topics }, want: []string{"a", "b/{c}"}},
		"heartbeat 0 is never":           {args: []string{"--heartbeat=0"}, got: func(s *settings) any { return zeroIsNever(s.heartbeat) }, want: time.Duration(-1)},
		"body size directive of theirs":  {env: environment{"MERCURE_EXTRA_DIRECTIVES": "max_request_body_size 1MiB"}, got: func(s *settings) any { return s.maxBodySize }, want: int64(1 << 20)},
		"comments in their directives":   {env: environment{"MERCURE_EXTRA_DIRECTIVES": "# heartbeat 1s\n\n\theartbeat 30s # quiet\n"}, got: heartbeatOf, want: 30 * time.Second},
		"quoted words in their language": {env: environment{"MERCURE_EXTRA_DIRECTIVES": "publisher_jwt \"a # b\""}, got: publisherKeyOf, want: "a # b"},
	} {
		t.Run(name, func(t *testing.T) {
			args := test.args
			if test.file != "" {
				args = append(slices.Clone(args), "--config", configFileWith(t, test.file))
			}
			p := &program{environ: test.env}
			s, err := p.load(args)
			if err != nil {
				t.Fatal(err)
			}
			if got := test.got(s); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %#v, want %#v", got, test.want)
			}
		})
	}
}

func addrOf(s *settings) any         { return s.addr }
func heartbeatOf(s *settings) any    { return s.heartbeat }
func anonymousOf(s *settings) any    { return s.anonymous }
func corsOf(s *settings) any         { return s.corsOrigins }
func generationsOf(s *settings) any  { return s.generations }
func publisherKeyOf(s *settings) any { return s.publisherKey }
func keptBytes(s *settings) any      { return s.retention.MaxBytes }
func keysOf(s *settings) any         { return s.retention.Keys }

func secretFile(t *testing.T) string {
	return write(t, "secret", "from a file\n")
}

func configFileWith(t *testing.T, text string) string {
	return write(t, "hub.yaml", text)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestServerName(t *testing.T) {
	for site, want := range map[string]struct {
		addr  string
		https bool
		fault string
	}{
		":80":                             {addr: ":80"},
		":8080":                           {addr: ":8080"},
		":443":                            {addr: ":443", https: true},
		"http://localhost":                {addr: ":80"},
		"http://hub.example.com:8080":     {addr: ":8080"},
		"https://hub.example.com":         {addr: ":443", https: true},
		"https://[::1]:8443/":             {addr: ":8443", https: true},
		"localhost":                       {addr: ":443", https: true},
		"hub.example.com:80":              {addr: ":80"},
		"http://a.example http://b":       {addr: ":80"},
		"http://a.example, https://b":     {fault: "more than one port"},
		"ftp://localhost":                 {fault: "is not an address"},
		"http://localhost/hub":            {fault: "is not an address"},
		"http://localhost:notaport/":      {fault: "is not an address"},
		"unix//run/hub.sock":              {fault: "is not an address"},
		"http://a.example:1 http://b:2/x": {fault: "is not an address"},
	} {
		addr, https, err := serverName(site)
		if want.fault != "" {
			if err == nil || !strings.Contains(err.Error(), want.fault) {
				t.Errorf("%s: got error %v, want one saying %q", site, err, want.fault)
			}
			continue
		}
		if err != nil || addr != want.addr || https != want.https {
			t.Errorf("%s: got %q, https %v, error %v; want %q, https %v", site, addr, https, err, want.addr, want.https)
		}
	}
}

func TestSizesAndDurations(t *testing.T) {
	sizes := map[string]int64{"0": 0, "65536": 65536, "10B": 10, "4MiB": 4 << 20, "1 GiB": 1 << 30, "2kB": 2000, "8TiB": 8 << 40}
	for s, want := range sizes {
		if got, err := parseSize(s); err != nil || got != want {
			t.Errorf("size %q: got %d, error %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "-1", "4Mb", "1.5GiB", "MiB", "9223372036854775807KiB", "8388608TiB"} {
		if got, err := parseSize(s); err == nil {
			t.Errorf("size %q: got %d, want a refusal", s, got)
		}
	}
	durations := map[string]time.Duration{"0": 0, "20s": 20 * time.Second, "1h30m": 90 * time.Minute, "30d": 720 * time.Hour}
	for s, want := range durations {
		if got, err := parseDuration(s); err != nil || got != want {
			t.Errorf("duration %q: got %v, error %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "20", "-1s", "d", "-1d", "106752d", "1.5d"} {
		if got, err := parseDuration(s); err == nil {
			t.Errorf("duration %q: got %v, want a refusal", s, got)
		}
	}
}

// TestNames: others call the settings by these names.
func TestNames(t *testing.T) {
	contract := strings.Fields(`
		addr tls-cert tls-key resource-identifier metrics-addr admin-socket drain config
		store durability retention-bytes retention-count retention-age retention-rules
		idempotency-window idempotency-keys
		publisher-jwt-key publisher-jwt-alg subscriber-jwt-key subscriber-jwt-alg trusted-issuers issuers
		anonymous subscriptions protocols cookie-name legacy-cookie-name legacy-query-token
		legacy-topics legacy-audience legacy-require-exp legacy-max-token-lifetime legacy-sunset cors-origins publish-origins
		heartbeat streams max-lifetime max-connections max-connections-per-token max-connections-per-address overload
		max-body-size max-field-size max-topics max-matchers max-matcher-size max-details
		log-level log-format`)
	var got []string
	for _, o := range new(settings).options() {
		got = append(got, o.name)
		if o.about == "" {
			t.Errorf("--%s is not described", o.name)
		}
	}
	slices.Sort(contract)
	slices.Sort(got)
	if !slices.Equal(got, contract) {
		t.Errorf("settings are named\n%s, want\n%s", got, contract)
	}
}

func TestClosest(t *testing.T) {
	known := []string{"publisher-jwt-key", "subscriber-jwt-key", "store", "addr"}
	for name, want := range map[string]string{
		"publisher-key": "publisher-jwt-key",
		"adr":           "addr",
		"stroe":         "store",
		"frobnicate":    "",
	} {
		if got, _ := closest(name, known); got != want {
			t.Errorf("closest to %q: got %q, want %q", name, got, want)
		}
	}
}
