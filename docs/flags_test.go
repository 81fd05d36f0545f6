package docs_test

import (
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// usage is what a command of ours tells of itself by --help.
type usage struct {
	takes  bool // it takes arguments
	text   string
	flags  []string
	valued []string // those of the flags that take a value
}

var flagLine = regexp.MustCompile(`(?m)^ +(?:-\w, )?(?:    )?--([a-z][a-z0-9-]*)( \S)?`)

// helped are all commands of ours, each by its whole name. It is asked for once, since it starts many processes.
var helped = sync.OnceValues(func() (map[string]usage, error) {
	all := map[string]usage{}
	for queue := []string{"enqueue", "worker", "sandbox"}; len(queue) > 0; queue = queue[1:] {
		name := queue[0]
		words := append(strings.Fields(name), "--help")
		out, err := exec.Command(filepath.Join(bin, words[0]), words[1:]...).Output()
		if err != nil {
			return nil, err
		}
		text := string(out)
		u := usage{text: text, takes: regexp.MustCompile(`Usage:\n  ` + name + ` [A-Z]`).MatchString(text)}
		for _, m := range flagLine.FindAllStringSubmatch(text, -1) {
			u.flags = append(u.flags, m[1])
			if m[2] != "" {
				u.valued = append(u.valued, m[1])
			}
		}
		all[name] = u
		_, list, _ := strings.Cut(text, "Available Commands:\n")
		list, _, _ = strings.Cut(list, "\n\n")
		for _, m := range regexp.MustCompile(`(?m)^  ([a-z-]+) `).FindAllStringSubmatch(list, -1) {
			queue = append(queue, name+" "+m[1])
		}
	}
	return all, nil
})

func usages(t *testing.T) map[string]usage {
	t.Helper()
	all, err := helped()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// subcommand cuts a command line of ours into the command's whole name and the rest.
func subcommand(t *testing.T, text string) (name, rest string) {
	t.Helper()
	words := strings.Fields(strings.TrimPrefix(text, "go run ./cmd/"))
	n := 1
	for n < len(words) {
		if _, ok := usages(t)[strings.Join(words[:n+1], " ")]; !ok {
			break
		}
		n++
	}
	return strings.Join(words[:n], " "), strings.Join(words[n:], " ")
}

// others are flags of programs that are not ours, or that package main of a folder has, as the documents name them: those
// of Redis, Docker, systemctl, git, bench and the campaign.
var others = []string{"appendfsync", "appendonly", "dbfilename", "maxmemory-policy", "rdb", "build", "build-arg", "profile",
	"rm", "scale", "now", "format", "quick", "seeds", "grid", "parallel", "resync", "schedule", "verbose",
	"for"}

func TestEveryFlagOfADocumentExists(t *testing.T) {
	t.Parallel()
	any := slices.Clone(others)
	for _, u := range slices.Collect(maps.Values(usages(t))) {
		any = append(any, u.flags...)
	}
	for _, d := range documents(t) {
		for i, line := range d.lines {
			if !strings.HasSuffix(d.path, ".md") && !strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue // the file's own matter
			}
			for _, m := range flag.FindAllStringSubmatch(strings.ReplaceAll(line, "`", " "), -1) {
				if !slices.Contains(any, m[1]) {
					t.Errorf("%s:%d: no command has --%s", d.path, i+1, m[1])
				}
			}
		}
		for _, s := range d.spans {
			if !ours.MatchString(s.text) {
				continue
			}
			name, rest := subcommand(t, s.text)
			known := usages(t)[name].flags
			if name == "enqueue" { // enqueue --config FILE --here …: the flags are those of the subcommand that is left out
				known = any
				if first, _, _ := strings.Cut(rest, " "); rest != "" && !strings.HasPrefix(first, "-") {
					t.Errorf("%s:%d: enqueue has no %s", d.path, s.line, first)
				}
			}
			for _, m := range flag.FindAllStringSubmatch(rest, -1) {
				if !slices.Contains(known, m[1]) {
					t.Errorf("%s:%d: %s has no --%s", d.path, s.line, name, m[1])
				}
			}
		}
	}
}

// foreign are variables of the documents that are not of the configuration.
var foreign = []string{"STORELINK_UID", "STORELINK_GID", "STORELINK_REQUIRE_REDIS", "STORELINK_REQUIRE_PYTHON",
	"STORELINK_REDIS_PASSWORD", "STORELINK_REDIS_MEMORY", "STORELINK_REDIS_LIMIT", "STORELINK_SEEDS", "STORELINK_LONG"}

func TestEveryVariableOfADocumentExists(t *testing.T) {
	t.Parallel()
	example := read(t, "storelink.example.yaml")
	for _, d := range documents(t) {
		for i, line := range d.lines {
			for _, name := range regexp.MustCompile(`\bSTORELINK_[A-Z_]*[A-Z]\b`).FindAllString(line, -1) {
				_, key, account := strings.Cut(name, "STORELINK_ACCOUNT_")
				if account {
					account = slices.ContainsFunc(strings.Split(key, "_"), func(part string) bool {
						_, after, _ := strings.Cut(key, part+"_")
						return after != "" && strings.Contains(example, strings.ToLower(after)+":")
					})
				}
				if !account && !slices.Contains(foreign, name) && !strings.Contains(example, name+" ") {
					t.Errorf("%s:%d: storelink.example.yaml has no variable %s", d.path, i+1, name)
				}
			}
		}
	}
}
