package manifest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/storelink/storelink/internal/input/manifest"
	"github.com/storelink/storelink/internal/job"
)

// read reads a manifest, which is closed at the test's end.
func read(t *testing.T, text string, o manifest.Options) (*manifest.Manifest, error) {
	t.Helper()
	if o.TempDir == "" {
		o.TempDir = t.TempDir()
	}
	m, err := manifest.Read(t.Context(), strings.NewReader(text), o)
	if err != nil {
		if m != nil {
			t.Fatalf("both %+v and %v", m, err)
		}
		return nil, err
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m, nil
}

// stores gives the stores of a target.
func stores(t *testing.T, m *manifest.Manifest, target int) []string {
	t.Helper()
	var all []string
	for id, err := range m.Rows(target) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	return all
}

// folder makes a folder with lists in it.
func folder(t *testing.T, lists ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range lists {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// refused checks that err refuses a list, by file and line, and says all that it should.
func refused(t *testing.T, err error, line int, says ...string) {
	t.Helper()
	e := job.AsError(err)
	if err == nil || e.Code != job.CodeBadList || job.ExitStatus(err) != 2 {
		t.Fatalf("got %v", err)
	}
	if e.Line != line {
		t.Errorf("line %d of %v, want %d", e.Line, err, line)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%q is not in %q", s, err)
		}
	}
}

func gb18030(s string) string {
	out, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s)) // into memory
	_ = w.Close()
	return b.String()
}

func equal(a []string, b ...string) bool { return slices.Equal(a, b) }

func cancelled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
