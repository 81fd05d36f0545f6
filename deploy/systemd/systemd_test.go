// Package systemd_test holds the unit to what the worker does, and to what systemd understands.
package systemd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/worker"
)

// unit reads the unit, as KEY=VALUE lines by key.
func unit(t *testing.T) (text string, keys map[string][]string) {
	t.Helper()
	raw, err := os.ReadFile("storelink-worker.service")
	if err != nil {
		t.Fatal(err)
	}
	keys = map[string][]string{}
	for line := range strings.Lines(string(raw)) {
		if name, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			keys[name] = append(keys[name], v)
		}
	}
	return string(raw), keys
}

func TestSystemdUnderstandsTheUnit(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, keys := unit(t)
	dropIn, err := os.ReadFile("10-credentials.conf")
	if err != nil {
		t.Fatal(err)
	}
	// The worker is not installed here, but must be for systemd to be content; and the drop-in must be understood too.
	text = strings.ReplaceAll(text, "ExecStart="+keys["ExecStart"][0], "ExecStart="+self)
	dir := t.TempDir()
	path := filepath.Join(dir, "storelink-worker.service")
	for name, text := range map[string]string{path: text, path + ".d/10-credentials.conf": string(dropIn)} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", path).CombinedOutput()
	if s := string(out); err != nil || strings.Contains(s, "storelink-worker") {
		t.Errorf("verify: %v\n%s", err, s)
	}
	// It tells how much a service may do, from 0 to 10; in tenths for its threshold.
	out, err = exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold=20", "--no-pager",
		path).CombinedOutput()
	if err != nil && strings.Contains(string(out), "exposure") {
		t.Errorf("security: %v\n%s", err, out)
	}
}

func TestTheUnitIsAsTheWorkerIs(t *testing.T) {
	t.Parallel()
	text, keys := unit(t)
	for _, c := range []struct{ key, value string }{
		{"Type", "notify"}, {"ExecReload", "/bin/kill -HUP $MAINPID"}, {"User", "storelink"}, {"NoNewPrivileges", "yes"},
		{"ProtectSystem", "strict"}, {"Restart", "on-failure"},
	} {
		if v := keys[c.key]; len(v) != 1 || v[0] != c.value {
			t.Errorf("%s is %q, want %q", c.key, v, c.value)
		}
	}
	// 78 is what cmd/worker ends with where its configuration is wrong; a crash ends a Go program with 2.
	if got := keys["RestartPreventExitStatus"]; len(got) != 1 || got[0] != "78" {
		t.Errorf("after %s it is not started again", got)
	}
	stop, err := time.ParseDuration(keys["TimeoutStopSec"][0])
	if err != nil || stop < worker.StopWithin(config.MaxTimeout) {
		t.Errorf("TimeoutStopSec is %v, %v", stop, err)
	}
	for _, m := range regexp.MustCompile(`STORELINK_[A-Z_]+`).FindAllString(text, -1) {
		if m != "STORELINK_CONFIG" && m != "STORELINK_PAGE_TOKEN" {
			t.Errorf("%s is none of the worker's variables", m)
		}
	}
}
