package clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A tool is something a test needs that Go does not bring.
type tool struct {
	name   string
	found  func() bool
	advice string
}

var (
	node     = tool{"node", inPath("node"), "install Node.js 20 or newer"}
	packages = tool{"the npm packages", file("node_modules/.package-lock.json"), "run npm ci --ignore-scripts in conformance/clients"}
	chromium = tool{"chromium", file(chromiumPath), "apt-get install chromium"}
	caddy    = tool{"caddy", inPath("caddy"), "apt-get install caddy"}
	php      = tool{"php", inPath("php"), "apt-get install php-cli php-curl"}
	symfony  = tool{"Symfony's Mercure component", file("/usr/share/php/Symfony/Component/Mercure/autoload.php"), "apt-get install php-symfony-mercure"}
)

const chromiumPath = "/usr/bin/chromium"

func inPath(command string) func() bool {
	return func() bool { _, err := exec.LookPath(command); return err == nil }
}

func file(path string) func() bool {
	return func() bool { _, err := os.Stat(filepath.FromSlash(path)); return err == nil }
}

// need is the one place that decides what a missing tool means: a failure
// where everything has to run, a test left out on anybody's own machine.
func need(t *testing.T, tools ...tool) {
	t.Helper()
	for _, tool := range tools {
		switch {
		case tool.found():
		case os.Getenv("CI") == "true":
			t.Fatalf("%s is missing, and CI=true leaves nothing out: %s", tool.name, tool.advice)
		default:
			t.Skipf("left out: %s is missing: %s", tool.name, tool.advice)
		}
	}
}
