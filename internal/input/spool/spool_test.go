package spool_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/input/spool"
	"github.com/storelink/storelink/internal/job"
)

func TestSpoolGivesBackWhatWasWritten(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, size := range []int{0, 1, spool.InMemory, spool.InMemory + 1, 2*spool.InMemory + 7} {
		want := bytes.Repeat([]byte("0123456789abcdef "), size/17+1)[:size]
		s, err := spool.From(bytes.NewReader(want), int64(size))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := io.ReadAll(s.Reader()); err != nil || !bytes.Equal(got, want) || s.Size() != int64(size) {
				t.Fatalf("%d bytes: got %d, %v", size, len(got), err)
			}
		}
		if size > 20 {
			p := make([]byte, 10)
			if n, err := s.ReadAt(p, int64(size-15)); n != 10 || err != nil || !bytes.Equal(p, want[size-15:size-5]) {
				t.Fatalf("%d bytes: %q, %v", size, p[:n], err)
			}
		}
		if n, err := s.ReadAt(make([]byte, 2), int64(size)); n != 0 || err != io.EOF {
			t.Fatalf("behind the end: %d, %v", n, err)
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Fatal("it cannot be closed")
			}
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
}

func TestSpoolTakesNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	s, err := spool.From(strings.NewReader("0123456789"), 4)
	if err != nil || s.Size() != 5 {
		t.Fatalf("%d bytes, %v", s.Size(), err)
	}
}

func TestSpoolWithoutRoomSaysSo(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	if os.TempDir() == "/tmp" {
		t.Skip("this system has its temporary files elsewhere")
	}
	s := &spool.Spool{}
	_, err := s.Write(make([]byte, spool.InMemory+1))
	if e := job.AsError(err); e.Code != job.CodeIO {
		t.Fatalf("got %v", err)
	}
}
