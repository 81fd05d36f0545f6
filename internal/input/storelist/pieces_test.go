package storelist_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/unicode"

	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// pieces reads at most so many bytes at a time.
type pieces struct {
	from io.Reader
	most int
}

func (p pieces) Read(b []byte) (int, error) { return p.from.Read(b[:min(len(b), p.most)]) }

// once gives its error with the last bytes of its text, and behind it something that must never be read.
type once struct {
	text, behind io.Reader
	err          error
	told         bool
}

func (o *once) Read(p []byte) (int, error) {
	if o.told {
		return o.behind.Read(p)
	}
	n, err := o.text.Read(p)
	if errors.Is(err, io.EOF) {
		o.told = true
		return n, o.err
	}
	return n, nil
}

// outcome is all that a reader says of a list.
func outcome(t testing.TB, in io.Reader, opts storelist.Options) string {
	t.Helper()
	rd, err := storelist.NewReader(t.Context(), in, opts)
	if err != nil {
		return fmt.Sprint("not read: ", err)
	}
	var out strings.Builder
	for id, err := range rd.IDs() {
		fmt.Fprintln(&out, id, err)
	}
	fmt.Fprintf(&out, "%+v %+v %q", rd.Stats(), rd.Reading(), rd.Warnings())
	return out.String()
}

// awkward are lists whose ends and errors stand at awkward places.
func awkward() map[string]string {
	rows := "store_id,name\n"
	for i := range 9000 {
		rows += fmt.Sprintf("%d,上海市某某路%d号\n", 100000000+i, i)
	}
	at := strings.Index(rows, "100004000")
	big, err := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().String(rows)
	if err != nil {
		panic(err)
	}
	return map[string]string{
		"good": rows, "CRLF": strings.ReplaceAll(rows, "\n", "\r\n"), "CRCRLF": strings.ReplaceAll(rows, "\n", "\r\r\n"), "CR": strings.ReplaceAll(rows, "\n", "\r"),
		"GB18030": gb18030(rows), "UTF-16": utf16(rows), "UTF-16 without a mark": utf16(rows)[2:], "big-endian": big, "half a character": utf16(rows) + "1",
		"gzip": gzipped(rows), "two gzips": gzipped(rows[:at]) + gzipped(rows[at:]), "padded": gzipped(rows) + strings.Repeat("\x00", 5000),
		"garbage": gzipped(rows) + strings.Repeat("\x00", 5000) + "1", "cut gzip": gzipped(rows)[:3000],
		"a zero byte": rows[:at] + "\x00" + rows[at:], "a zero byte at the end": rows + "\x00", "a bad row": rows[:at] + "?\n" + rows[at:],
		"a stray quote": rows[:at] + "7,a\"b\n" + rows[at:], "a quote that stays open": rows[:at] + "7,\"ab\n" + rows[at:],
		"a long line": rows[:at] + strings.Repeat("1", 1<<20+1) + "\n" + rows[at:], "JSON lines": strings.Repeat("{\"store_id\":\"1\"}\n", 9000) + "{\n",
		"quotes": strings.ReplaceAll(rows, "上海", "\"\"\"\n\"") + "1,", "no last line end": rows[:len(rows)-1], "spaces": "\r\r\n \r\n" + rows,
	}
}

func TestWhatIsReadDoesNotDependOnThePiecesItComesIn(t *testing.T) {
	t.Parallel()
	for name, list := range awkward() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := storelist.Options{Name: "list"}
			want := outcome(t, strings.NewReader(list), opts)
			for _, most := range []int{1, 7, 4 << 10, 64 << 10} {
				if got := outcome(t, pieces{strings.NewReader(list), most}, opts); got != want {
					t.Fatalf("in pieces of %d: got %.300s, want %.300s", most, got, want)
				}
			}
			if got := outcome(t, iotest.DataErrReader(strings.NewReader(list)), opts); got != want {
				t.Fatalf("with the end beside the last bytes: got %.300s", got)
			}
		})
	}
}

// An error in the middle of a list is its end, whatever would come behind it, and whoever asks how often.
func TestAnErrorStays(t *testing.T) {
	t.Parallel()
	why := job.Errorf(job.CodeIO, "the cable is cut")
	for name, list := range awkward() {
		for _, at := range []int{0, 1, 3, 10, 4095, 4096, 5000, 65536, 65537, 70_000} {
			if at > len(list) {
				continue
			}
			for _, most := range []int{1, 4 << 10, 1 << 20} {
				if most == 1 && at > 5000 {
					continue
				}
				in := &once{text: pieces{strings.NewReader(list[:at]), most}, behind: strings.NewReader(list[at:]), err: why}
				rd, err := storelist.NewReader(t.Context(), in, storelist.Options{Name: "list"})
				for _, e := range allOf(rd, err) {
					err = e
				}
				if e := job.AsError(err); err == nil || e != why && e.Code != job.CodeBadList {
					t.Errorf("%s, cut at %d: %v", name, at, err)
				}
			}
		}
	}
}

// TestRowsAddUp is the promise that nothing is lost: what a reader says of a file's rows is what the file has.
func TestRowsAddUp(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 13))
		list, lines := randomList(r)
		var aside int64
		opts := storelist.Options{Name: "list.csv"}
		if seed%2 == 0 {
			opts.SetAside = func(storelist.Rejected) error { aside++; return nil }
		}
		rd, err := storelist.NewReader(t.Context(), strings.NewReader(list), opts)
		var ids int64
		for _, e := range allOf(rd, err) {
			if err = e; err == nil {
				ids++
			}
		}
		if rd == nil {
			continue
		}
		s := rd.Stats()
		bad := s.SetAside
		if b := (*storelist.BadRows)(nil); errors.As(err, &b) {
			bad = b.Count
			ids = s.Rows - bad - s.Repeats // those behind a bad row are not given out
		} else if err != nil && job.AsError(err).Line > 0 {
			continue // it was not read to its end
		}
		if ids+s.Repeats+bad+s.Blank+s.Above != int64(lines) || aside != s.SetAside {
			t.Fatalf("seed %d: %d IDs, %+v and %d bad rows of %d:\n%s\n%v", seed, ids, s, bad, lines, list, err)
		}
	}
}

// randomList makes a list as people have them, of so many rows.
func randomList(r *rand.Rand) (list string, rows int) {
	comma := []string{",", ";", "\t"}[r.IntN(3)]
	var b strings.Builder
	add := func(cells ...string) {
		b.WriteString(strings.Join(cells, comma) + []string{"\n", "\r\n"}[r.IntN(2)])
		rows++
	}
	for range r.IntN(4) {
		add([]string{"门店清单", "# by hand", "", "导出时间：2026-07-01", "2026 stores"}[r.IntN(5)])
	}
	wide := r.IntN(3) > 0
	name := []string{"store_id", "门店ID", "shop_code", "门店编号"}[r.IntN(4)]
	switch {
	case wide:
		add("名称", name)
	case r.IntN(2) == 0:
		add(name)
	}
	for range 1 + r.IntN(30) {
		id := []string{"100000001", "100000002", "7", "007", "A-1", "?", "", "NULL", "2026-07-01", "store_id", "1.0E+08", " 5 "}[r.IntN(12)]
		switch {
		case r.IntN(8) == 0:
			add("")
		case !wide:
			add(id)
		case r.IntN(8) == 0:
			add("\"上海\n一店\"", id)
		case r.IntN(12) == 0:
			add("a", id, "more")
		case r.IntN(12) == 0:
			add("short")
		default:
			add(fmt.Sprintf("店%d", r.IntN(9)), id)
		}
	}
	return b.String(), rows
}

// TestCSVIsReadAsAnotherReaderReadsIt compares with encoding/csv, over tables that the test makes.
func TestCSVIsReadAsAnotherReaderReadsIt(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 26))
		width := 2 + r.IntN(4)
		at := r.IntN(width)
		var table bytes.Buffer
		w := csv.NewWriter(&table)
		w.UseCRLF = seed%2 == 1
		for i := range 1 + r.IntN(40) {
			row := make([]string, width)
			for c := range row {
				row[c] = []string{"", "a", "上海", "a, b", "say \"hi\"", "two\nlines", " x ", "'1", "\"", "a\tb", ";", "号;楼"}[r.IntN(12)]
			}
			if row[at] = fmt.Sprint(r.IntN(1000)); i == 0 {
				row[at] = "store_id"
			}
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		other := csv.NewReader(bytes.NewReader(table.Bytes()))
		all, err := other.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, row := range all[1:] {
			if !slices.Contains(want, row[at]) {
				want = append(want, row[at])
			}
		}
		got, stats, err := read(table.String(), storelist.Options{})
		if len(want) == 0 {
			continue
		}
		if err != nil || !slices.Equal(got, want) || stats.Rows != int64(len(all)-1) {
			t.Fatalf("seed %d: got %q, %v; want %q of\n%s", seed, got, err, want, table.String())
		}
	}
}

// TestAQuoteThatIsNeverClosedCostsNothing reads what mk-big-quote.py makes, a hundred megabytes of it.
func TestAQuoteThatIsNeverClosedCostsNothing(t *testing.T) {
	row := []byte("100000001,上海市某某路1号\n")
	in := io.MultiReader(strings.NewReader("store_id,name\n100000000,\"open\n"), &endless{row: row, left: 100 << 20})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rd, err := storelist.NewReader(t.Context(), in, storelist.Options{Name: "big-quote.csv"})
	for _, e := range allOf(rd, err) {
		err = e
	}
	runtime.ReadMemStats(&after)
	if e := job.AsError(err); job.ExitStatus(err) != 2 || e.Line != 2 || !strings.Contains(e.Message.String(), "quote") {
		t.Fatalf("got %v", err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 100<<20 {
		t.Fatalf("it took %d bytes", took)
	}
}

type endless struct {
	row  []byte
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n+len(e.row) <= len(p) {
		n += copy(p[n:], e.row)
	}
	e.left -= n
	return n, nil
}

func TestTheContextEndsTheReadingOfText(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{"CSV": "store_id,name\n", "a lone column": "store_id\n", "JSON lines": "{\"store_id\":1}\n"} {
		ctx, cancel := context.WithCancel(t.Context())
		row := []byte("100000001\n")
		if name == "JSON lines" {
			row = []byte(first)
		}
		in := io.MultiReader(strings.NewReader(first), &endless{row: row, left: 1 << 40})
		rd, err := storelist.NewReader(ctx, in, storelist.Options{Name: "list"})
		for _, e := range allOf(rd, err) {
			err = e
			cancel()
		}
		if job.AsError(err).Code != job.CodeInterrupted || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	bomb, err := os.ReadFile(filepath.Join("testdata", "cases", "a02-header-ascii-colnum.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := storelist.NewReader(ctx, bytes.NewReader(bomb), storelist.Options{}); job.AsError(err).Code != job.CodeInterrupted {
		t.Errorf("before it begins: %v", err)
	}
}
