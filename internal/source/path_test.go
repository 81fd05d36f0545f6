package source_test

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/source"
)

func TestFilesBelowTheFoldersAreRead(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	plain := write(t, dir, "north/all.csv", stores)
	write(t, other, "other.csv", stores)
	o := opener(t, source.Config{Dirs: []string{dir + "/./", other, filepath.Join(dir, "not-there")}})
	for name, path := range map[string]string{
		"a file":                       plain,
		"by a detour":                  filepath.Join(dir, "north") + "/./all.csv",
		"a link beside it":             link(t, "all.csv", filepath.Join(dir, "north", "latest.csv")),
		"a link up and down":           link(t, "../north/all.csv", filepath.Join(dir, "north", "latest2.csv")),
		"an absolute link":             link(t, plain, filepath.Join(dir, "absolute.csv")),
		"a linked folder":              filepath.Join(link(t, "north", filepath.Join(dir, "south")), "all.csv"),
		"a link into the other folder": link(t, filepath.Join(other, "other.csv"), filepath.Join(dir, "other.csv")),
	} {
		if err := o.Check(path); err != nil {
			t.Errorf("%s: Check: %v", name, err)
		}
		s, text, err := read(t.Context(), o, path, `"x"`)
		if err != nil || text != stores {
			t.Errorf("%s: %q, %v", name, text, err)
			continue
		}
		if s.Name != filepath.Base(path) || s.Place != path || s.Size != int64(len(stores)) || s.ETag != "" || s.NotModified {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestAFolderMayItselfBeALink(t *testing.T) {
	t.Parallel()
	real := t.TempDir()
	write(t, real, "a.csv", stores)
	dir := link(t, real, filepath.Join(t.TempDir(), "lists"))
	if _, text, err := read(t.Context(), opener(t, source.Config{Dirs: []string{dir}}), filepath.Join(dir, "a.csv"), ""); err != nil || text != stores {
		t.Fatalf("%q, %v", text, err)
	}
}

func TestPathsOutsideAreRefused(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "lists")
	write(t, dir, "a.csv", stores)
	outside := write(t, top, "lists-secret/a.csv", stores)
	o := opener(t, source.Config{Dirs: []string{dir}})
	for path, says := range map[string]string{
		strings.Replace(outside, "secret", "of-others", 1): "outside of the folders",
		"/etc/passwd":              "outside of the folders",
		dir:                        "outside of the folders",
		dir + "/":                  "outside of the folders",
		dir + "/../other/a.csv":    "..",
		dir + "/north/../a.csv":    "..",
		"lists/a.csv":              "relative",
		"a.csv":                    "relative",
		"":                         "empty",
		"-":                        "standard input",
		dir + "/a.csv\x00":         "zero byte",
		"C:\\lists\\a.csv":         "relative",
		"file://" + dir + "/a.csv": "https://",
	} {
		refused(t, o.Check(path), 2, says)
		_, err := o.Open(t.Context(), path, "")
		refused(t, err, 2, says)
	}
	refused(t, opener(t, source.Config{}).Check(dir+"/a.csv"), 2, "outside of the folders")
}

func TestSymbolicLinksOutAreRefused(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	target := write(t, outside, "a.csv", stores)
	o := opener(t, source.Config{Dirs: []string{dir}})
	up, err := filepath.Rel(dir, target)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		link(t, target, filepath.Join(dir, "absolute.csv")),
		link(t, up, filepath.Join(dir, "relative.csv")),
		filepath.Join(link(t, outside, filepath.Join(dir, "folder")), "a.csv"),
		link(t, "absolute.csv", filepath.Join(dir, "twice.csv")),
		link(t, "/dev/zero", filepath.Join(dir, "device.csv")),
		link(t, "/proc/self/environ", filepath.Join(dir, "environ.csv")),
	} {
		if err := o.Check(path); err != nil {
			t.Errorf("%s: Check cannot know: %v", path, err)
		}
		_, err := o.Open(t.Context(), path, "")
		refused(t, err, 2, "symbolic link leads outside")
	}
}

func TestALinkPutInTheWayLeadsNowhere(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	write(t, dir, "real.csv", stores)
	secret := write(t, outside, "a.csv", "secret")
	path := filepath.Join(dir, "a.csv")
	o := opener(t, source.Config{Dirs: []string{dir}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { // swaps the link in the folder for one out of it, and back
		defer close(done)
		for i := 0; ctx.Err() == nil; i++ {
			to := []string{"real.csv", secret}[i%2]
			_ = os.Symlink(to, path+".new") // it is seen by the reads below if it fails
			_ = os.Rename(path+".new", path)
		}
	}()
	for range 2000 {
		if _, text, err := read(t.Context(), o, path, ""); err == nil && text != stores {
			t.Fatalf("read %q", text)
		}
	}
	cancel()
	<-done
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := opener(t, source.Config{Dirs: []string{dir, "/dev"}})
	if err := os.Mkdir(filepath.Join(dir, "folder.csv"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.csv"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for path, says := range map[string]string{
		filepath.Join(dir, "folder.csv"):  "folder",
		filepath.Join(dir, "pipe.csv"):    "pipe",
		filepath.Join(dir, "socket"):      "socket",
		"/dev/null":                       "device",
		filepath.Join(dir, "missing.csv"): "no such file",
		link(t, filepath.Join(dir, "loop"), filepath.Join(dir, "loop")): "cannot be read",
	} {
		_, err := o.Open(t.Context(), path, "")
		refused(t, err, 2, path, says)
	}
}

func TestALargeFileIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "a.csv", stores)
	_, err := opener(t, source.Config{Dirs: []string{dir}, MaxBytes: int64(len(stores)) - 1}).Open(t.Context(), path, "")
	refused(t, err, 2, "larger than")
	if _, text, err := read(t.Context(), opener(t, source.Config{Dirs: []string{dir}, MaxBytes: int64(len(stores))}), path, ""); err != nil || text != stores {
		t.Fatalf("just as large as is allowed: %v", err)
	}
}

func TestAFileThatChangesWhileItIsReadIsNoShorterList(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"cut":     func(path string) error { return os.Truncate(path, 3) },
		"emptied": func(path string) error { return os.Truncate(path, 0) },
		"grown":   func(path string) error { return os.WriteFile(path, []byte(stores+"1\n"), 0o600) },
		"touched": func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := write(t, dir, "a.csv", stores)
			s, err := opener(t, source.Config{Dirs: []string{dir}}).Open(t.Context(), path, "")
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			_, err = io.ReadAll(s)
			refused(t, err, 1, path, "changed while it was read")
		})
	}
}

func TestReadingAFileEndsWithItsContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "a.csv", stores)
	ctx, cancel := context.WithCancel(t.Context())
	s, err := opener(t, source.Config{Dirs: []string{dir}}).Open(ctx, path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	cancel()
	_, err = io.ReadAll(s)
	refused(t, err, 130, path)
	_, _, err = read(t.Context(), opener(t, source.Config{Dirs: []string{dir}, Timeout: 1}), path, "")
	refused(t, err, 1, "not read within 1ns")
}

func TestWrongConfigurationsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []source.Config{{Dirs: []string{"lists"}}, {MaxBytes: -1}, {Timeout: -1}, {Window: -1}, {MinSpeed: -1}, {FirstByte: -1}} {
		if _, err := source.New(c); err == nil || job.AsError(err).Code != job.CodeBadConfig {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// A list may be read further once its last byte has come: a workbook is read only then.
func TestTheContextOfAListEndsWithTheTimeForIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "all.csv", stores)
	s, err := opener(t, source.Config{Dirs: []string{dir}, Timeout: 50 * time.Millisecond}).Open(t.Context(), path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	<-s.Context().Done()
	refused(t, context.Cause(s.Context()), 1, "was not read within 50ms")
	ctx, cancel := context.WithCancel(t.Context())
	if s, err = opener(t, source.Config{Dirs: []string{dir}}).Open(ctx, path, ""); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Context().Err() != nil {
		t.Fatal("it has ended at its beginning")
	}
	cancel()
	<-s.Context().Done()
}
