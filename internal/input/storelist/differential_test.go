package storelist_test

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/storelink/storelink/internal/input/storelist"
)

// Seeds of the differential tests, for each way to write a workbook, and for CSV.
const (
	seedsInGo = 700 / fewer
	seedsInPy = 200 / fewer
	seedsCSV  = 1500 / fewer
)

// ours gives the IDs that we read, rejected rows left out.
func ours(list string) ([]string, error) {
	ids, _, err := read(list, storelist.Options{SetAside: func(storelist.Rejected) error { return nil }})
	return ids, err
}

var exponent = regexp.MustCompile(`^\s*[0-9.]+E\+[0-9]+\s*$`)

// excelizes gives what excelize reads: texts, and of numbers what is stored.
func excelizes(t *testing.T, list string) (rows [][]any) {
	t.Helper()
	f, err := excelize.OpenReader(strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	texts, err := f.GetRows(f.GetSheetName(0), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range texts {
		var out []any
		for _, text := range row {
			whole := strings.TrimSuffix(strings.TrimSpace(text), ".0")
			if n, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && exponent.MatchString(text) {
				whole = strconv.FormatFloat(n, 'f', -1, 64)
			}
			if whole != strings.TrimSpace(text) {
				text = whole
			}
			out = append(out, text)
		}
		rows = append(rows, out)
	}
	return rows
}

// TestWorkbooksAreReadAsOthersReadThem compares the IDs of generated workbooks, in order, with those that openpyxl and
// excelize find, and with those that were written.
func TestWorkbooksAreReadAsOthersReadThem(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(*testing.T, *rand.Rand, generated) string{"excelize": byExcelize, "by hand": byHand} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			py, path := startPython(t), filepath.Join(t.TempDir(), "list.xlsx")
			for seed := range uint64(seedsInGo) {
				r := rand.New(rand.NewPCG(seed, 0))
				g := generate(r)
				list := write(t, r, g)
				if err := os.WriteFile(path, []byte(list), 0o600); err != nil {
					t.Fatal(err)
				}
				compare(t, seed, list, g, idsOf(py.do(map[string]any{"do": "read", "path": path}), nil))
			}
		})
	}
	for _, maker := range []string{"openpyxl", "xlsxwriter", "xlsxwriter in constant memory"} {
		t.Run(maker, func(t *testing.T) {
			t.Parallel()
			py, path := startPython(t), filepath.Join(t.TempDir(), "list.xlsx")
			for seed := range uint64(seedsInPy) {
				g := generate(rand.New(rand.NewPCG(seed, 1)))
				py.do(map[string]any{"do": "write", "path": path, "maker": maker, "rows": g.rows})
				list, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, seed, string(list), g, idsOf(py.do(map[string]any{"do": "read", "path": path}), nil))
			}
		})
	}
}

// compare compares what was written with what three readers find.
func compare(t *testing.T, seed uint64, list string, g generated, python []string) {
	t.Helper()
	ids, err := ours(list)
	if err != nil || !slices.Equal(ids, g.ids) {
		t.Fatalf("seed %d: got %q, %v; want %q", seed, ids, err, g.ids)
	}
	if !slices.Equal(python, ids) {
		t.Fatalf("seed %d: openpyxl finds %q, we %q", seed, python, ids)
	}
	if theirs := idsOf(excelizes(t, list), g.reject); !slices.Equal(theirs, ids) {
		t.Fatalf("seed %d: excelize finds %q, we %q", seed, theirs, ids)
	}
}

// asCSV writes a table as CSV as people have it, and says in which encoding of Python's and with which separator.
func asCSV(r *rand.Rand, g generated) (list, encoding, separator string) {
	separator = []string{",", ";", "\t"}[r.IntN(3)]
	end := []string{"\n", "\r\n"}[r.IntN(2)]
	var out strings.Builder
	for i, row := range g.rows {
		for c, v := range row {
			if c > 0 {
				out.WriteString(separator)
			}
			text := ""
			switch v := v.(type) {
			case nil:
			case day:
				text = v.Day
			default:
				text = fmt.Sprint(v)
			}
			if strings.ContainsAny(text, separator+"\"\r\n") || r.IntN(4) == 0 {
				text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
			}
			out.WriteString(text)
		}
		if i < len(g.rows)-1 || r.IntN(2) == 0 {
			out.WriteString(end)
		}
	}
	switch list = out.String(); r.IntN(4) {
	case 0:
		return "\ufeff" + list, "utf-8-sig", separator
	case 1:
		return utf16(list), "utf-16", separator
	case 2:
		return gb18030(list), "gb18030", separator
	}
	return list, "utf-8", separator
}

// TestCSVIsReadAsOthersReadIt compares the IDs of generated CSV with those that Python's csv and encoding/csv find.
func TestCSVIsReadAsOthersReadIt(t *testing.T) {
	t.Parallel()
	py, path := startPython(t), filepath.Join(t.TempDir(), "list.csv")
	for seed := range uint64(seedsCSV) {
		r := rand.New(rand.NewPCG(seed, 2))
		g := generate(r)
		list, encoding, separator := asCSV(r, g)
		if err := os.WriteFile(path, []byte(list), 0o600); err != nil {
			t.Fatal(err)
		}
		ids, err := ours(list)
		if err != nil || !slices.Equal(ids, g.ids) {
			t.Fatalf("seed %d: got %q, %v; want %q of\n%s", seed, ids, err, g.ids, list)
		}
		python := py.do(map[string]any{"do": "csv", "path": path, "encoding": encoding, "separator": separator})
		if theirs := idsOf(python, nil); !slices.Equal(withoutBad(theirs), ids) {
			t.Fatalf("seed %d: Python finds %q, we %q", seed, theirs, ids)
		}
		if encoding != "utf-8" {
			continue
		}
		c := csv.NewReader(strings.NewReader(list))
		c.Comma, c.FieldsPerRecord = rune(separator[0]), -1
		records, err := c.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var rows [][]any
		for _, record := range records {
			var row []any
			for _, cell := range record {
				row = append(row, cell)
			}
			rows = append(rows, row)
		}
		if theirs := idsOf(rows, nil); !slices.Equal(withoutBad(theirs), ids) {
			t.Fatalf("seed %d: encoding/csv finds %q, we %q", seed, theirs, ids)
		}
	}
}

// withoutBad leaves out what is text in CSV, could be an ID by its characters, and is none: dates and truths.
func withoutBad(ids []string) []string {
	return slices.DeleteFunc(ids, func(id string) bool { return id == "true" || id == "false" || strings.Count(id, "-") == 2 })
}
