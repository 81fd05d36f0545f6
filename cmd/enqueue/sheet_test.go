package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// workbook makes a spreadsheet; values by sheet and row, the first sheet being called Sheet1.
func workbook(t *testing.T, sheets map[string][][]any, hide ...int) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for name, rows := range sheets {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			cell, _ := excelize.CoordinatesToCellName(1, i+1)
			if err := f.SetSheetRow(name, cell, &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, row := range hide {
		if err := f.SetRowVisible("Sheet1", row, false); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := f.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSpreadsheetIsAListLikeAnyOther(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	book := workbook(t, map[string][][]any{
		"Sheet1": {{"说明"}, {"本月新店"}},
		"门店":     {{"名称", "门店编号"}, {"上海", 100000001}, {"北京", "007"}, {"又", 100000001}, {"坏", 1.5}, {"坏", int64(1234567890123456)}},
	})
	path := w.write("list.xlsx", book)
	several := w.associate(path, "--json").failed(t, 2, job.CodeBadList)
	if !strings.Contains(several.Message, `"Sheet1", "门店"`) || !strings.Contains(several.Message, "--sheet") {
		t.Errorf("several sheets: %s", several.Message)
	}
	bad := w.associate(path, "--sheet", "门店", "--json").failed(t, 2, job.CodeBadList)
	if bad.Line != 5 || bad.File != path || !strings.Contains(badRows(bad), "15 digits") {
		t.Errorf("bad rows: %+v", bad)
	}
	for _, list := range []string{path, "-"} {
		args := append([]string{"associate", list, "--sheet", "2", "--set-aside", w.file("aside.csv"), "--dry-run", "--json"}, asPartner...)
		o := enqueueWith(t, t.Context(), w.env, book, args...).expect(t, 0)
		if d := document[dryRunDocument](t, o); d.Total != 2 || d.Repeats != 1 || d.SetAside != 2 {
			t.Errorf("%s: %+v", list, d)
		}
		if text, err := os.ReadFile(w.file("aside.csv")); err != nil || !strings.Contains(string(text), "\n坏,1.5,line 5: ") {
			t.Errorf("%s: set aside %q, %v", list, text, err)
		}
	}
	w.associate(w.list(2), "--sheet", "1", "--json").failed(t, 2, job.CodeBadList)
}

func TestHiddenRowsAreReadAndTold(t *testing.T) {
	t.Parallel()
	w := onMini(t, sandbox.Faults{})
	path := w.write("list.xlsx", workbook(t, map[string][][]any{"Sheet1": {{"store_id"}, {1}, {2}, {3}}}, 3))
	o := w.associate(path, "--dry-run", "--json").expect(t, 0)
	if d := document[dryRunDocument](t, o); d.Total != 3 || !strings.Contains(o.err, "1 row") || !strings.Contains(o.err, "hidden") {
		t.Errorf("got %+v, %s", d, o.err)
	}
}
