package xlsx_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/storelink/storelink/internal/input/xlsx"
)

// written opens a workbook that excelize wrote.
func written(t *testing.T, fill func(f *excelize.File) error) *xlsx.Workbook {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	var out bytes.Buffer
	if err := fill(f); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	w, err := xlsx.Open(t.Context(), bytes.NewReader(out.Bytes()), int64(out.Len()), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 2 {
			if err := w.Close(); err != nil {
				t.Error("it cannot be closed")
			}
		}
	})
	return w
}

func dump(t *testing.T, w *xlsx.Workbook, s xlsx.Sheet) (out []string) {
	t.Helper()
	rows, err := w.Rows(s)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for {
		r, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Cells {
			text, err := w.Text(c)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("%d,%d %d %q", r.Number, c.Column, c.Kind, text))
		}
	}
}

func TestCellsComeWithTheirKindAndWhatIsStored(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	values := []any{"门店", 100000001, 1.5, true, noon, noon.Truncate(24 * time.Hour), 90 * time.Minute, "", 1e20, 0.1, 1e-12, "x\ny"}
	want := []string{`1,1 1 "门店"`, `1,2 2 "100000001"`, `1,3 2 "1.5"`, `1,4 4 "TRUE"`, `1,5 3 "2026-07-01 12:00:00"`, `1,6 3 "2026-07-01"`,
		`1,7 3 "01:30:00"`, `1,8 1 ""`, `1,9 2 "100000000000000000000"`, `1,10 2 "0.1"`, `1,11 2 "1E-12"`, `1,12 1 "x\ny"`}
	for _, from1904 := range []bool{false, true} {
		w := written(t, func(f *excelize.File) error {
			if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &from1904}); err != nil {
				return err
			}
			return f.SetSheetRow("Sheet1", "A1", &values)
		})
		for i, got := range dump(t, w, w.Sheets()[0]) {
			if got != want[i] && !(from1904 && i == 6) {
				t.Errorf("from 1904: %v: got %s, want %s", from1904, got, want[i])
			}
		}
	}
}

func TestSheetsComeInTheOrderOfTheirTabs(t *testing.T) {
	t.Parallel()
	w := written(t, func(f *excelize.File) error {
		if _, err := f.NewSheet("二"); err != nil {
			return err
		}
		return f.SetSheetVisible("二", false)
	})
	s := w.Sheets()
	if len(s) != 2 || s[0].Name != "Sheet1" || s[0].Hidden || s[1].Name != "二" || !s[1].Hidden {
		t.Errorf("got %+v", s)
	}
	if got := dump(t, w, s[1]); got != nil {
		t.Errorf("an empty sheet has %q", got)
	}
}

func TestManySharedStringsAreFoundInAnyOrder(t *testing.T) {
	t.Parallel()
	const n = 1000
	w := written(t, func(f *excelize.File) error {
		for i := range n { // the strings are numbered as they come, the rows the other way round
			if err := f.SetCellValue("Sheet1", fmt.Sprintf("A%d", n-i), fmt.Sprintf("第%d家", i)); err != nil {
				return err
			}
		}
		return nil
	})
	got := dump(t, w, w.Sheets()[0])
	for i := range n {
		if want := fmt.Sprintf("%d,1 1 %q", i+1, fmt.Sprintf("第%d家", n-1-i)); got[i] != want {
			t.Fatalf("got %s, want %s", got[i], want)
		}
	}
}
