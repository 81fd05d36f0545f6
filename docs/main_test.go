// Package docs_test holds the documents to the truth: each command that stands in one is run, each flag and variable
// that one names exists, each link leads somewhere, both languages say the same, and nothing imports what it may not. It
// has nothing that a program uses.
package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// bin is the folder of the programs as they are built now.
var bin string

func TestMain(m *testing.M) { os.Exit(withPrograms(m.Run)) }

// withPrograms builds the programs, and takes them away afterwards, unless .ci/run has built them and says where.
func withPrograms(run func() int) int {
	if bin = os.Getenv("STORELINK_TEST_PROGRAMS"); bin != "" {
		return run()
	}
	dir, err := os.MkdirTemp("", "storelink-docs-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin = filepath.Join(dir, "bin")
	build := exec.Command("go", "build", "-o", bin+string(filepath.Separator), "./cmd/...")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return run()
}
