package load

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cinnabar/conformance/faults"
)

// Key signs the tokens of publishers on hubs that [Serve] starts.
const Key = "the publishers' key of the load programs"

// Build builds Cinnabar into a folder, from the module that the working
// directory is in, and returns the program's path.
func Build(ctx context.Context, folder string) (string, error) {
	path := filepath.Join(folder, "cinnabar")
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "cinnabar")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the hub: %w: %s", err, out)
	}
	return path, nil
}

// Serve runs the program at path as a hub on loopback that admits anonymous
// subscribers and publishers with [Key]. What it prints beside its address
// goes to output. End it with [Stop].
func Serve(ctx context.Context, path, store string, output io.Writer, flags ...string) (*faults.Hub, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute) // a large history takes a while to check
	defer cancel()
	return faults.Start(ctx, faults.Program{
		Output: output,
		Command: slices.Concat([]string{path, "serve", "--addr", "127.0.0.1:0", "--store", store, "--anonymous",
			"--protocols", "0.x", "--drain", "0s", "--log-level", "warn", "--publisher-jwt-key", Key}, flags),
		Env: slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MERCURE_") }),
	})
}

// Stop ends a hub and waits for that.
func Stop(h *faults.Hub) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return h.Stop(ctx)
}
