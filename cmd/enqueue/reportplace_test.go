package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// What became of the stores of a job that runs here is gone with the process: it is written somewhere.
func TestAReportThatItsPlaceDoesNotTakeAnyMoreIsWrittenElsewhere(t *testing.T) {
	w := newWorld(t, sandbox.Faults{})
	folder, home := filepath.Join(w.dir, "reports"), t.TempDir()
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(home)
	w.onCall = func(int64) { _ = os.RemoveAll(folder) } // while it runs
	o := w.associate(w.list(300), "--here", "--config", w.config, "--report", filepath.Join(folder, "report.csv")).expect(t, 1)
	all, err := filepath.Glob(filepath.Join(home, "*.csv"))
	if err != nil || len(all) != 1 {
		t.Fatalf("the report is nowhere: %v, %v\n%s", all, err, o.err)
	}
	text, err := os.ReadFile(all[0])
	if err != nil || strings.Count(string(text), "\n") < 300 {
		t.Errorf("it has not all stores: %v", err)
	}
	if !strings.Contains(o.err, filepath.Base(all[0])) {
		t.Errorf("nobody is told where it is: %s", o.err)
	}
}

func TestAFolderThatTakesNoReportIsToldBeforeTheFirstCall(t *testing.T) {
	w := newWorld(t, sandbox.Faults{})
	gone := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(gone, 0o700); err != nil {
		t.Fatal(err)
	}
	list := w.list(300)
	t.Chdir(gone)
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if o := w.associate(list, "--here", "--config", w.config).expect(t, 2); !strings.Contains(o.err, "--report") || w.calls.Load() != 0 {
		t.Errorf("after %d calls: %s", w.calls.Load(), o.err)
	}
}
