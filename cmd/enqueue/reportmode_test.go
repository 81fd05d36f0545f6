package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAReportThatIsReplacedKeepsItsMode(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o600, 0o640, 0o664, 0o444} {
		name := filepath.Join(t.TempDir(), "report.csv")
		if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		o, err := create(name)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := o.File.Stat(); err != nil || info.Mode().Perm() != mode {
			t.Errorf("while it is written, a file of mode %o is %v, %v", mode, info.Mode(), err)
		}
		if _, err := o.WriteString("new"); err != nil {
			t.Fatal(err)
		}
		if err := o.commit(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != mode || info.Size() != 3 {
			t.Errorf("of mode %o it is now %v, %v", mode, info.Mode(), err)
		}
	}
}
