package source_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/source"
)

// FuzzCheck: whatever passes is a path below the folder, or an https address on the host that is listed.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"/srv/lists/a.csv", "/srv/lists", "/srv/lists/../a", "/srv/lists2/a", "a.csv", "-", "", "//srv/lists/a",
		"https://example.com/a.csv?b#c", "http://example.com/", "https://example.com@evil.com/", "file:///srv/lists/a.csv", "HTTPS:a", "c:/a",
		"https:/example.com/", "/srv/lists/./a", "/srv/lists/a\x00", "/srv//lists///a"} {
		f.Add(s)
	}
	policy, err := egress.New(egress.Rules{Hosts: []string{"example.com"}})
	if err != nil {
		f.Fatal(err)
	}
	o, err := source.New(source.Config{Dirs: []string{"/srv/lists"}, Egress: policy})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src string) {
		switch err := o.Check(src); {
		case err != nil:
			if job.ExitStatus(err) != 2 || job.AsError(err).Code == job.CodeInternal {
				t.Fatalf("%q: %v", src, err)
			}
		case filepath.IsAbs(src):
			if !strings.HasPrefix(filepath.Clean(src), "/srv/lists/") || strings.Contains(src, "\x00") {
				t.Fatalf("%q passed", src)
			}
		default:
			if !strings.HasPrefix(strings.ToLower(src), "https://example.com") {
				t.Fatalf("%q passed", src)
			}
		}
	})
}
