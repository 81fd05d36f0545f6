package release_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// installed runs postinstall.sh on an /etc of the test's own; asked is what it had changed of whose files are whose.
func installed(t *testing.T, etc string) (asked, said string) {
	t.Helper()
	bin, log := t.TempDir(), filepath.Join(t.TempDir(), "asked")
	for name, script := range map[string]string{
		"systemd-sysusers": "exit 0", "systemctl": "exit 0", "chown": `echo chown "$@" >>` + log,
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh", "postinstall.sh")
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "ETC=" + etc}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, _ := os.ReadFile(log)
	return string(text), string(out)
}

func TestTheConfigurationsFolderIsRoots(t *testing.T) {
	t.Parallel()
	etc := t.TempDir()
	for range 2 { // an upgrade, too
		asked, said := installed(t, etc)
		var want []string
		for _, dir := range []string{"storelink", "storelink/accounts.d", "storelink/keys"} { // the outer one first
			want = append(want, "chown -h root:storelink "+filepath.Join(etc, dir)+"\n")
			if info, err := os.Stat(filepath.Join(etc, dir)); err != nil || info.Mode().Perm() != 0o750 {
				t.Errorf("%s is %v, %v", dir, info, err)
			}
		}
		if asked != strings.Join(want, "") || said != "" {
			t.Errorf("it asks for\n%s%s", asked, said)
		}
	}
}

func TestNoLinkIsFollowedToSomebodyElses(t *testing.T) {
	t.Parallel()
	for _, link := range []string{"storelink/keys", "storelink/accounts.d", "storelink"} {
		etc, victim := t.TempDir(), t.TempDir()
		if err := os.Chmod(victim, 0o711); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(etc, filepath.Dir(link)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(victim, filepath.Join(etc, link)); err != nil {
			t.Fatal(err)
		}
		asked, said := installed(t, etc)
		if strings.Contains(asked, filepath.Join(etc, link)+"\n") || !strings.Contains(said, "is a symbolic link") {
			t.Errorf("%s: it asks for %s and says %q", link, asked, said)
		}
		if info, err := os.Stat(victim); err != nil || info.Mode().Perm() != 0o711 {
			t.Errorf("%s: what it leads to is now %v, %v", link, info.Mode(), err)
		}
		if left, err := os.ReadDir(victim); err != nil || len(left) > 0 {
			t.Errorf("%s: in what it leads to is now %v, %v", link, left, err)
		}
	}
}
