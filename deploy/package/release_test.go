// Package release_test holds the releases' configuration to the tree that is released.
package release_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const root = "../.."

// releases is what these tests look at of .goreleaser.yaml.
type releases struct {
	Version int
	Builds  []struct {
		ID, Main, Binary string
		Env              []string
		Goos, Goarch     []string
		Ldflags          []string
	}
	Archives []struct{ Files []string }
	Nfpms    []struct {
		Bindir   string
		Formats  []string
		Contents []struct{ Src, Dst, Type string }
		Scripts  map[string]string
	}
}

func read(t *testing.T) releases {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var r releases
	if err := yaml.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func exists(t *testing.T, pattern string) {
	t.Helper()
	if found, err := filepath.Glob(filepath.Join(root, pattern)); err != nil || len(found) == 0 {
		t.Errorf("there is no %s (%v)", pattern, err)
	}
}

func TestEveryCommandIsReleasedForSixPlatforms(t *testing.T) {
	t.Parallel()
	r := read(t)
	commands, err := os.ReadDir(filepath.Join(root, "cmd"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Version != 2 || len(r.Builds) != len(commands) {
		t.Errorf("version %d with %d builds of %d commands", r.Version, len(r.Builds), len(commands))
	}
	for _, b := range r.Builds {
		exists(t, b.Main+"/main.go")
		if b.ID != b.Binary || b.Main != "./cmd/"+b.ID || !slices.Equal(b.Goos, []string{"linux", "darwin", "windows"}) ||
			!slices.Equal(b.Goarch, []string{"amd64", "arm64"}) || !slices.Contains(b.Env, "CGO_ENABLED=0") {
			t.Errorf("got %+v", b)
		}
	}
}

// stamped matches what a linker is told with -X.
var stamped = regexp.MustCompile(`-X (\S+)/internal/version\.(\w+)=`)

func TestTheVersionIsStampedWhereItIsRead(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(filepath.Join(root, "internal/version/version.go"))
	if err != nil {
		t.Fatal(err)
	}
	docker, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{"Dockerfile": string(docker)}
	for _, b := range read(t).Builds {
		said[b.ID] = strings.Join(b.Ldflags, " ")
	}
	for where, flags := range said {
		var all []string
		for _, m := range stamped.FindAllStringSubmatch(flags, -1) {
			if m[1] != "github.com/storelink/storelink" || !regexp.MustCompile(`(?m)^\t`+m[2]+`\s+string`).Match(source) {
				t.Errorf("%s: there is no %s", where, m[0])
			}
			all = append(all, m[2])
		}
		if slices.Sort(all); !slices.Equal(all, []string{"commit", "date", "version"}) {
			t.Errorf("%s stamps %v", where, all)
		}
	}
}

func TestWhatIsPackedIsThere(t *testing.T) {
	t.Parallel()
	r := read(t)
	for _, a := range r.Archives {
		for _, f := range a.Files {
			if !strings.HasPrefix(f, "completions/") && !strings.HasSuffix(f, ".md*") { // made before, and not made yet
				exists(t, f)
			}
		}
	}
	unit, err := os.ReadFile(filepath.Join(root, "deploy/systemd/storelink-worker.service"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range r.Nfpms {
		if !slices.Equal(n.Formats, []string{"deb", "rpm"}) || !strings.Contains(string(unit),
			"ExecStart="+n.Bindir+"/worker\n") {
			t.Errorf("packages %v have the worker in %s, where the unit does not look", n.Formats, n.Bindir)
		}
		for _, c := range n.Contents {
			switch {
			case c.Type == "symlink":
				if !strings.HasPrefix(c.Src, n.Bindir+"/") {
					t.Errorf("%s leads to %s", c.Dst, c.Src)
				}
			case !strings.HasPrefix(c.Src, "completions/"):
				exists(t, c.Src)
			}
		}
		for _, script := range n.Scripts {
			exists(t, script)
		}
	}
}

func TestThePackagesScriptsAreShell(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("*.sh")
	if err != nil || len(scripts) != 2 {
		t.Fatalf("%v, %v", scripts, err)
	}
	for _, name := range scripts {
		if out, err := exec.CommandContext(t.Context(), "sh", "-n", name).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
