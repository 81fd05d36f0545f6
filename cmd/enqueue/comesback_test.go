package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// What we wrote is a list again, without being told how to read it: a report, whole or of the failures, in any form and
// language, as it is and once somebody has mended it.
func TestReportsComeBackAsLists(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	id := w.ended(w.write("list.csv", "店名,门店ID\n甲,7\n乙,8\n丙,-A1\n丁,007\n"))
	ids := func(path string, flags ...string) []string {
		t.Helper()
		d := document[dryRunDocument](t, w.associate(path, append(flags, "--dry-run", "--json")...).expect(t, 0))
		if d.SetAside != 0 || d.Repeats != 0 {
			t.Errorf("%s: %+v", path, d)
		}
		return d.List.First
	}
	for _, lang := range []string{"en", "zh"} {
		for _, name := range []string{"r.xlsx", "r.csv", "r.jsonl"} {
			path := w.file(lang + name)
			w.do("results", id, "--output", path, "--lang", lang).expect(t, 0)
			if got := strings.Join(ids(path), " "); got != "7 8 -A1" {
				t.Errorf("%s: got %s", path, got)
			}
			failed := w.file(lang + "failed-" + name)
			w.do("results", id, "--only", "failed", "--output", failed, "--lang", lang).expect(t, 0)
			if got := strings.Join(ids(failed), " "); got != "8 -A1" {
				t.Errorf("%s: got %s", failed, got)
			}
			mend(t, failed)
			if got := strings.Join(ids(failed), " "); got != "9 -A1" {
				t.Errorf("%s, mended: got %s", failed, got)
			}
		}
	}
	gb := w.file("gb.csv")
	w.do("results", id, "--output", gb, "--encoding", "gb18030", "--lang", "zh").expect(t, 0)
	if got := strings.Join(ids(gb), " "); got != "7 8 -A1" {
		t.Errorf("GB18030: got %s", got)
	}
	// And what was given back with --join.
	for _, only := range [][]string{nil, {"--only", "failed"}} {
		joined := w.file("joined.csv")
		w.do(append([]string{"results", id, "--join", w.file("list.csv"), "--output", joined}, only...)...).expect(t, 0)
		if got := ids(joined); len(got) == 0 {
			t.Errorf("joined: got %s", got)
		}
	}
}

// mend puts store 9 where store 8 was.
func mend(t *testing.T, path string) {
	t.Helper()
	text := mustRead(t, path)
	if !strings.HasSuffix(path, ".xlsx") {
		text = strings.NewReplacer("\n8,", "\n9,", `"8"`, `"9"`).Replace(text)
	} else {
		f, err := excelize.OpenReader(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var out bytes.Buffer
		if err := f.SetCellValue(f.GetSheetName(1), "A2", 9); err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteTo(&out); err != nil {
			t.Fatal(err)
		}
		text = out.String()
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A report whose stores are on more than one sheet is not read by half, nor is a workbook that only has such names.
func TestWorkbooksLikeReportsAreNotTakenForOne(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	for name, sheets := range map[string]map[string][][]any{
		"two sheets of stores": {"Sheet1": {}, "Summary": {{"Job", "x"}}, "Stores": {{"store_id", "outcome"}, {7, "failed"}}, "Stores 2": {{"store_id", "outcome"}, {8, "failed"}}},
		"other columns":        {"Sheet1": {}, "Summary": {{"Job", "x"}}, "Stores": {{"store_id", "name"}, {7, "x"}}},
	} {
		e := w.associate(w.write("list.xlsx", workbook(t, sheets)), "--dry-run", "--json").failed(t, 2, "bad_list")
		if !strings.Contains(e.Message, "--sheet") {
			t.Errorf("%s: %+v", name, e)
		}
	}
}
