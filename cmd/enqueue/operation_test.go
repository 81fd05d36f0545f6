package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
)

// An operation is in a list of job, and has a path, an answer of the sandbox and a subcommand: all that
// docs/adding-an-operation.md asks for.
func TestEachOperationThatWritesCanBeAskedForAndIsAnswered(t *testing.T) {
	t.Parallel()
	for _, op := range job.Writes() {
		for _, target := range []string{"--stock", "--bundle"} {
			t.Run(string(op)+" "+target, func(t *testing.T) {
				t.Parallel()
				if summaries[op].IsZero() {
					t.Errorf("enqueue %s does not say what it does", op)
				}
				if catalogue.Term(op, catalogue.Chinese) == string(op) {
					t.Errorf("%s has no word in Chinese", op)
				}
				dir := t.TempDir()
				list := filepath.Join(dir, "stores.csv")
				if err := os.WriteFile(list, []byte("store_id\n100000001\n100000002\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				o := enqueue(t, nil, string(op), list, "--sandbox", "--json", target, "1000000013", "--report",
					filepath.Join(dir, "report.csv")).expect(t, 0)
				if s := document[job.Status](t, o); s.Operation != op || s.Succeeded != 2 {
					t.Errorf("got %+v", s)
				}
			})
		}
	}
}
