package cli

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cinnabar/store"
	"cinnabar/store/bolt"
	"cinnabar/store/memory"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test binary the program when it is run as cinnabar.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cinnabar": func() {
		os.Exit(Main(
			Engine{Scheme: "bolt", Open: func(at *url.URL, keep store.Retention) (History, error) {
				path, err := FilePath(at)
				if err != nil {
					return History{}, err
				}
				log, err := bolt.Open(path, bolt.Options(keep))
				return History{Log: log, Presence: log, Archive: log, Copier: log}, err
			}, Read: func(at *url.URL) (Stopped, error) {
				path, err := FilePath(at)
				if err != nil {
					return nil, err
				}
				return bolt.OpenArchive(path)
			}, File: FilePath, DefaultBytes: bolt.DefaultBytes},
			Engine{Scheme: "memory", Open: func(_ *url.URL, keep store.Retention) (History, error) {
				log, err := memory.Open(memory.Options(keep))
				return History{Log: log, Presence: log, Archive: log}, err
			}},
		))
	}})
}

// TestScripts runs the program as people do. Beside the usual commands,
// scripts have
//
//	halt         send the hub SIGTERM; it has to exit with 0
//	hub ARGS...  start "cinnabar ARGS..." and wait until it is ready; $HUB is
//	             its URL, $METRICS its metrics listener, $ADDR its address, $PID its process,
//	             hub.log its standard error
//	reference FILE LINES
//	             write a history as the reference hub does, a line for an
//	             update: its sequence, its id, its value
//	lines NAME   turn the \n in a variable into line breaks
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:      "testdata",
		Deadline: time.Now().Add(2 * time.Minute),
		Setup: func(e *testscript.Env) error {
			e.Values[hubKey{}] = new(hubProcess)
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, "cache"))
			real, err := filepath.Abs("../../store/reference/testdata")
			e.Setenv("REFERENCE", real) // what the reference hub wrote itself
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"halt":      haltHub,
			"hub":       startHub,
			"lines":     breakLines,
			"reference": writeReference,
		},
	})
}

// A hubProcess is the hub a script runs.
type hubProcess struct{ *exec.Cmd }

type hubKey struct{} // of the script's *hubProcess

func startHub(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("use exec for a hub that has to fail")
	}
	c := exec.Command("cinnabar", args...)
	c.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "PATH", "TMPDIR", "XDG_CACHE_HOME"} {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	log, err := os.Create(ts.MkAbs("hub.log"))
	ts.Check(err)
	defer log.Close()
	c.Stderr = log
	out, err := c.StdoutPipe()
	ts.Check(err)
	ts.Check(c.Start())
	ts.Defer(func() { c.Process.Kill(); c.Wait() })
	var ready struct {
		Event, Hub, Metrics string
		PID                 int
	}
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		ts.Fatalf("no ready line: %v\n%s", err, ts.ReadFile("hub.log"))
	}
	at, err := url.Parse(ready.Hub)
	ts.Check(err)
	ts.Setenv("HUB", ready.Hub)
	ts.Setenv("PID", strconv.Itoa(ready.PID))
	ts.Setenv("METRICS", ready.Metrics)
	ts.Setenv("ADDR", at.Host)
	ts.Value(hubKey{}).(*hubProcess).Cmd = c
}

func haltHub(ts *testscript.TestScript, _ bool, _ []string) {
	c := ts.Value(hubKey{}).(*hubProcess)
	ts.Check(c.Process.Signal(syscall.SIGTERM))
	if err := c.Wait(); err != nil {
		ts.Fatalf("the hub did not exit with 0 after SIGTERM: %v\n%s", err, ts.ReadFile("hub.log"))
	}
}

func breakLines(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.ReplaceAll(ts.Getenv(args[0]), `\n`, "\n"))
}
