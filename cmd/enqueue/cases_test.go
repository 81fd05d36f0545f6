package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// TestCasesAreReadByTheCommandAsExpected gives every line of expect.tsv to the command itself. What is read of each, ID by ID, is
// tested beside the reader.
func TestCasesAreReadByTheCommandAsExpected(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile(filepath.Join(cases, "expect.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	w := onMini(t, sandbox.Faults{})
	lines := strings.Split(strings.TrimSpace(string(table)), "\n")[1:]
	for _, line := range lines {
		cells := strings.Split(line, "\t")
		name, flags, want := cells[0], strings.Fields(cells[1]), cells[2]
		if strings.HasPrefix(name, "mk-") {
			name = w.write("big-quote.csv", "store_id,name\n100000000,\"open\n"+strings.Repeat("100000001,上海市某某路1号\n", 100_000))
		} else {
			name = filepath.Join(cases, name)
		}
		status := 0
		if strings.HasPrefix(want, "refused") {
			status = 2
		}
		for i, flag := range flags {
			switch flag {
			case "--set-aside":
				flags = append(flags, w.file("aside"+filepath.Ext(name)))
			case "--join": // tested in joinbook_test.go, once they were sent
				flags = append(flags[:i], flags[i+1:]...)
			}
		}
		ran := w.associate(name, append(flags, "--dry-run", "--json")...)
		if ran.status != status {
			t.Errorf("%s: exit status %d, want %d: %s%s", filepath.Base(name), ran.status, status, ran.out, ran.err)
		}
	}
}
