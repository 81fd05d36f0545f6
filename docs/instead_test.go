package docs_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// goList sees whether the packages that a go command names are there.
func goList(t *testing.T, _ *world, c command, m []string) {
	t.Helper()
	args := []string{"list"}
	for _, arg := range strings.Fields(m[0]) {
		if strings.HasPrefix(arg, "./") {
			args = append(args, arg)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil || len(out) == 0 {
		t.Errorf("%s\n%v\n%s", c, err, out)
	}
}

// goFlags sees whether the program that go run names has the flags.
func goFlags(t *testing.T, _ *world, c command, m []string) {
	t.Helper()
	hasFlags(t, c, m[1], m[2])
}

func benchFlags(t *testing.T, _ *world, c command, m []string) {
	t.Helper()
	hasFlags(t, c, "bench", m[len(m)-1])
}

var flag = regexp.MustCompile(`(?:^|[\s\[(])--([a-z][a-z0-9-]*)`)

// hasFlags looks for the names of flags in the Go files of a folder.
func hasFlags(t *testing.T, c command, folder, args string) {
	t.Helper()
	var source string
	for _, path := range glob(t, strings.TrimPrefix(folder, "./")+"/*.go") {
		source += read(t, path)
	}
	if source == "" {
		t.Errorf("%s\n%s has no Go files", c, folder)
	}
	for _, m := range flag.FindAllStringSubmatch(args, -1) {
		if !strings.Contains(source, `"`+m[1]+`"`) {
			t.Errorf("%s\nthere is no flag --%s", c, m[1])
		}
	}
}

// needs sees whether a file of the repository is there.
func needs(path string) func(*testing.T, *world, command, []string) {
	return func(t *testing.T, _ *world, c command, _ []string) {
		t.Helper()
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Errorf("%s\n%v", c, err)
		}
	}
}

// services are those of docker-compose.yml.
func services(t *testing.T) []string {
	t.Helper()
	_, after, _ := strings.Cut(read(t, "docker-compose.yml"), "\nservices:\n")
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z][a-z0-9_-]*):$`).FindAllStringSubmatch(after, -1) {
		all = append(all, m[1])
	}
	return all
}

// inContainer runs what a service would be given, if its entry point is enqueue.
func inContainer(t *testing.T, w *world, c command, m []string) {
	t.Helper()
	if !slices.Contains(services(t), m[1]) {
		t.Errorf("%s\nthere is no service %s", c, m[1])
		return
	}
	if c.text = m[2]; m[1] == "enqueue" {
		c.text = "enqueue " + m[2]
	}
	w.run(t, c)
}

// composed sees whether the services that a command names are there.
func composed(t *testing.T, _ *world, c command, m []string) {
	t.Helper()
	profile, verb, rest := m[1], m[2], strings.Fields(m[3])
	if profile != "" && !strings.Contains(read(t, "docker-compose.yml"), "profiles: ["+profile+"]") {
		t.Errorf("%s\nno service has the profile %s", c, profile)
	}
	plain := regexp.MustCompile(`^[a-z]+(=[0-9]+)?$`)
	switch verb {
	case "up", "down", "stop", "start", "restart", "ps", "logs", "build", "pull":
	case "exec":
		i := slices.IndexFunc(rest, plain.MatchString)
		rest = rest[max(i, 0):max(i+1, 0)] // what follows is the command
	case "cp":
		rest = []string{regexp.MustCompile(`([a-z]+):`).FindString(m[3])}
	default:
		t.Errorf("%s\ndocker compose %s is not known here", c, verb)
	}
	for _, arg := range rest {
		name, _, _ := strings.Cut(strings.TrimSuffix(arg, ":"), "=")
		if plain.MatchString(name) && !slices.Contains(services(t), name) {
			t.Errorf("%s\nthere is no service %s", c, name)
		}
	}
}

// units sees whether the units of ours that a command names are there.
func units(t *testing.T, _ *world, c command, m []string) {
	t.Helper()
	named := 0
	for _, arg := range strings.Fields(m[1]) {
		name := strings.TrimSuffix(arg, ".service")
		if !strings.HasPrefix(name, "storelink") {
			continue
		}
		named++
		if template, _, ok := strings.Cut(name, "@"); ok {
			name = template + "@"
		}
		if len(glob(t, "deploy/systemd/"+name+".*")) == 0 {
			t.Errorf("%s\ndeploy/systemd has no unit %s", c, name)
		}
	}
	if named == 0 && !strings.Contains(m[1], "daemon-reload") && !strings.Contains(m[1], "redis") {
		t.Errorf("%s\nnames no unit", c)
	}
}
