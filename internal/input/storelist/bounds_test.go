package storelist_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

func TestAListThatUnpacksToTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	bomb := gzipped("store_id\n" + strings.Repeat("\n", 1<<20))
	if len(bomb) > 1<<14 {
		t.Fatalf("%d bytes are no bomb", len(bomb))
	}
	_, _, err := read(bomb, storelist.Options{MaxText: 1 << 16})
	if job.ExitStatus(err) != 2 || !strings.Contains(err.Error(), "more than 65536 bytes of text") {
		t.Fatalf("got %v", err)
	}
	// A gzip within a gzip is no way around it: the inner one is no text.
	if _, _, err := read(gzipped(bomb), storelist.Options{MaxText: 1 << 16}); job.ExitStatus(err) != 2 {
		t.Fatalf("got %v", err)
	}
	if ids, _, err := read(gzipped("1\n2\n"), storelist.Options{MaxText: 4}); err != nil || len(ids) != 2 {
		t.Fatalf("just as much as is allowed: %v, %v", ids, err)
	}
}

func TestAListWithTooManyStoresIsRefused(t *testing.T) {
	t.Parallel()
	if ids, _, err := read("1\n2\n2\n1\n3\n", storelist.Options{MaxIDs: 3}); err != nil || len(ids) != 3 {
		t.Fatalf("just as many as are allowed: %v, %v", ids, err)
	}
	for _, list := range []string{"1\n2\n3\n4\n5\n6\n", "store_id\n?\n1\n2\n3\n4\n"} {
		if _, _, err := read(list, storelist.Options{MaxIDs: 3}); job.ExitStatus(err) != 2 ||
			!strings.Contains(err.Error(), "more than 3 store IDs") {
			t.Fatalf("got %v", err)
		}
	}
}

// failing gives its text and then its error.
type failing struct {
	text io.Reader
	err  error
}

func (f failing) Read(p []byte) (int, error) {
	n, err := f.text.Read(p)
	if errors.Is(err, io.EOF) {
		err = f.err
	}
	return n, err
}

func TestWhyAListBreaksOffIsToldByWhoeverReadsIt(t *testing.T) {
	t.Parallel()
	why := job.Errorf(job.CodeTimeout, "the answer drips")
	for name, list := range map[string]string{"nothing yet": "", "text": "1\n2\n", "gzip": gzipped(strings.Repeat("123\n", 100))[:30],
		"JSON lines": "{\"store_id\":1}\n", "UTF-16": utf16("1\n2\n"), "a table": "store_id,name\n1,\"a"} {
		rd, err := storelist.NewReader(t.Context(), failing{strings.NewReader(list), why}, storelist.Options{Name: "list.csv"})
		if err == nil {
			for _, e := range rd.IDs() {
				err = e
			}
		}
		if job.AsError(err) != why {
			t.Errorf("%s: %v", name, err)
		}
	}
}
