package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// ended runs a job for a list to its end, and gives its ID. Store 8 fails.
func (w *world) ended(list string, flags ...string) string {
	w.t.Helper()
	o := w.associate(list, append(flags, "--wait", "--json")...)
	return document[endDocument](w.t, o).Job
}

// withFailures is a world with a worker, in which stores 8 and -A1 fail.
func withFailures(t *testing.T) *world {
	t.Helper()
	w := onMini(t, sandbox.Faults{FailingStoreIDs: []sandbox.StoreFailure{
		{StoreID: "8", Code: "PARAM_ERROR", Message: "门店不存在"}, {StoreID: "-A1", Code: "=CMD()", Message: "@evil"},
	}})
	w.work()
	return w
}

func records(t *testing.T, text string, comma rune) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = comma, -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// outcomesOf gives the outcomes of a list that was given back, which had width columns.
func outcomesOf(rows [][]string, width int) (out []string) {
	for _, r := range rows {
		if len(r) > width {
			out = append(out, r[width])
		} else {
			out = append(out, "-")
		}
	}
	return out
}

func TestListIsGivenBackWithItsOutcomes(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	const text = "城市,门店编号,备注,\n上海,7,=1+1\n墙,8,\"a, b\"\n,,\n北京,?,\n上海,7,又\n广州,-A1,+8613800000000,多\n"
	list := w.write("list.csv", text)
	id := w.ended(list, "--set-aside", w.file("aside.csv"))
	added := w.write("added.csv", text+"成都,9,后加的\n")
	w.associate(list, "--set-aside", w.file("aside.csv"), "--dry-run", "--lang", "zh").expect(t, 0)
	if aside := mustRead(t, w.file("aside.csv")); !strings.HasPrefix(aside, "城市,门店编号,备注,,storelink_原因\n北京,?,,,第 5 行：") || !strings.Contains(aside, "门店ID里不能有") {
		t.Errorf("what was set aside is not told in Chinese: %s", aside)
	}

	o := w.do("results", id, "--join", added).expect(t, 0)
	rows := records(t, o.out, ',')
	if got, want := outcomesOf(rows, 4), []string{"storelink_outcome", "succeeded", "failed", "-", "set aside", "succeeded", "failed",
		"not in the job"}; !reflect.DeepEqual(got, want) {
		t.Fatalf("got %q\nwant %q\n%s", got, want, o.out)
	}
	if want := []string{"墙", "8", "a, b", "", "failed", "PARAM_ERROR", "门店不存在"}; !reflect.DeepEqual(rows[2][:7], want) {
		t.Errorf("got %q", rows[2])
	}
	if !strings.Contains(rows[2][7], "store ID") || rows[2][9] == "0" || rows[2][10] == "" || rows[4][6] == "" {
		t.Errorf("got %q, %q", rows[2], rows[4])
	}
	for _, c := range [][2]string{{rows[1][2], "=1+1"}, {rows[6][1], "-A1"}, {rows[6][2], "+8613800000000"}, {rows[6][5], "'=CMD()"},
		{rows[6][6], "'@evil"}, {rows[6][3], "多"}} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}

	// What was given back is a list again, of the same IDs; and can be given back once more.
	back := w.write("back.csv", o.out)
	if d := document[dryRunDocument](t, w.associate(back, "--dry-run", "--json", "--set-aside", w.file("a.csv")).expect(t, 0)); d.Total != 4 {
		t.Errorf("the list that was given back has %d stores", d.Total)
	}
	if again := w.do("results", id, "--join", back).expect(t, 0); !strings.Contains(again.out, "storelink_outcome_2") {
		t.Errorf("given back twice: %s", again.out)
	}

	// Other forms, other encodings, standard input.
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	w.do("results", id, "--join", w.write("gb.csv", gb), "--output", w.file("out.csv"), "--encoding", "gb18030", "--lang", "zh").expect(t, 0)
	packed, err := os.ReadFile(w.file("out.csv"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := simplifiedchinese.GB18030.NewDecoder().Bytes(packed)
	if err != nil {
		t.Fatal(err)
	}
	if rows := records(t, string(plain), ','); rows[2][0] != "墙" || !strings.Contains(rows[2][7], "门店编号") {
		t.Errorf("GB18030: %q", rows[2])
	}
	piped := enqueueWith(t, t.Context(), w.env, text, "results", id, "--join", "-", "--column", "2", "--output", w.file("out.tsv")).expect(t, 0)
	tsv, err := os.ReadFile(w.file("out.tsv"))
	if err != nil || len(records(t, string(tsv), '\t')) != 7 || !strings.Contains(piped.out, "5 rows written") {
		t.Errorf("TSV: %s, %v, %s", tsv, err, piped.out)
	}
}

// Who gives a list in Excel's way gets it back in Excel's way.
func TestListIsGivenBackInItsOwnForm(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	const text = "\n城市;门店编号\n上海;7\n\n;\n\"北\n京\";8\n\n\n广州;9\n"
	id := w.ended(w.write("list.csv", text))
	encoder := simplifiedchinese.GB18030.NewEncoder()
	gb, err := encoder.String(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string]string{"UTF-8": text, "a mark": "\ufeff" + text, "GB18030": gb, "CRLF": strings.ReplaceAll(text, "\n", "\r\n"),
		"gzip": gzipped(t, "\ufeff"+text), "TSV": strings.ReplaceAll(text, ";", "\t")} {
		path := w.write("back.csv", list)
		for _, output := range []string{"", w.file("out.csv")} {
			got := w.do("results", id, "--join", path, "--output", output).expect(t, 0).out
			if output != "" {
				got = mustRead(t, output)
			}
			want := list
			if name == "gzip" {
				want = "\ufeff" + text
			}
			lines := strings.SplitAfter(got, "\n")
			for i, line := range strings.SplitAfter(want, "\n") { // what was added stands behind the bytes that were there
				body := strings.TrimRight(line, "\r\n")
				if i >= len(lines) || !strings.HasPrefix(lines[i], body) || !strings.HasSuffix(lines[i], line[len(body):]) {
					t.Errorf("%s, %q: line %d is not %q: %q", name, output, i, line, got)
					break
				}
			}
			comma := map[bool]string{true: "\t", false: ";"}[name == "TSV"]
			if name == "GB18030" {
				got = decodeGB(t, got)
			}
			if !strings.Contains(got, "广州"+comma+"9"+comma+"succeeded") || !strings.Contains(got, "京\""+comma+"8"+comma+"failed") {
				t.Errorf("%s, %q: %q", name, output, got)
			}
		}
	}
	// Another separator and another encoding are had for the asking.
	tsv := w.write("list.tsv", strings.ReplaceAll(text, ";", "\t"))
	w.do("results", id, "--join", tsv, "--output", w.file("out.csv"), "--encoding", "gb18030").expect(t, 0)
	if got := decodeGB(t, mustRead(t, w.file("out.csv"))); !strings.Contains(got, "\n广州,9,succeeded,") {
		t.Errorf("got %q", got)
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write([]byte(text)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSpreadsheetIsGivenBackWithItsOutcomes(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	book := workbook(t, map[string][][]any{"Sheet1": {{"清单"}, {}, {"门店ID", "开业", "价"}, {7, "x", 1.25}, {8, nil, 3}, {}, {"-A1", "=1+1", -5}}})
	f, err := excelize.OpenReader(strings.NewReader(book))
	if err != nil {
		t.Fatal(err)
	}
	date := "yyyy-mm-dd"
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &date})
	if err != nil || f.SetCellStyle("Sheet1", "C4", "C4", style) != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := f.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	list := w.write("list.xlsx", out.String())
	id := w.ended(list)
	w.do("results", id, "--join", list, "--output", w.file("out.xlsx"), "--json").expect(t, 0)
	got, err := excelize.OpenFile(w.file("out.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	for cell, want := range map[string]string{"A1": "清单", "D1": "", "A3": "门店ID", "D3": "storelink_outcome", "A4": "7", "C4": "1900-01-01",
		"D4": "succeeded", "C5": "3", "D5": "failed", "E5": "PARAM_ERROR", "A7": "-A1", "B7": "=1+1", "C7": "-5", "E7": "=CMD()"} {
		if text, err := got.GetCellValue("Sheet1", cell); err != nil || text != want {
			t.Errorf("%s: %q, want %q, %v", cell, text, want, err)
		}
		if formula, err := got.GetCellFormula("Sheet1", cell); err != nil || formula != "" {
			t.Errorf("%s is a formula: %q, %v", cell, formula, err)
		}
	}
	for cell, want := range map[string]excelize.CellType{"A4": excelize.CellTypeUnset, "C5": excelize.CellTypeUnset,
		"B7": excelize.CellTypeSharedString, "E7": excelize.CellTypeInlineString} {
		if kind, err := got.GetCellType("Sheet1", cell); err != nil || kind != want {
			t.Errorf("%s is of type %v, %v", cell, kind, err)
		}
	}
	// As CSV, numbers and dates are written out.
	text := w.do("results", id, "--join", list).expect(t, 0).out
	if rows := records(t, text, ','); rows[2][2] != "1900-01-01 06:00:00" || rows[3][0] != "8" || rows[3][3] != "failed" {
		t.Errorf("got %q", rows)
	}
	// The workbook that was given back is a list again.
	if d := document[dryRunDocument](t, w.associate(w.file("out.xlsx"), "--dry-run", "--json").expect(t, 0)); d.Total != 3 {
		t.Errorf("the list that was given back has %d stores", d.Total)
	}
}

func TestWrongJoinsAreRefused(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	list := w.list(3)
	id := w.ended(list)
	for name, args := range map[string][]string{
		"no such outcome":    {"--join", list, "--only", "lost"},
		"JSON":               {"--join", list, "--json"},
		"the list itself":    {"--join", list, "--output", list},
		"another ending":     {"--join", list, "--output", w.file("x.jsonl")},
		"encoding of xlsx":   {"--join", list, "--output", w.file("x.xlsx"), "--encoding", "gb18030"},
		"no such encoding":   {"--join", list, "--encoding", "big5"},
		"column alone":       {"--column", "2"},
		"encoding of JSON":   {"--output", w.file("x.jsonl"), "--encoding", "gb18030"},
		"encoding of --json": {"--json", "--encoding", "gb18030"},
		"no such list":       {"--join", w.file("none.csv")},
		"JSON lines":         {"--join", w.write("l.jsonl", "{\"store_id\":\"1\"}\n")},
		"language":           {"--lang", "fr"},
	} {
		if o := w.do(append([]string{"results", id}, args...)...).expect(t, 2); strings.Contains(o.out, "storelink_outcome") {
			t.Errorf("%s: %s", name, o.out)
		}
	}
	if _, err := os.Stat(w.file("x.xlsx")); err == nil {
		t.Error("a file was left")
	}
	w.associate(list, "--encoding", "gb18030", "--json").failed(t, 2, job.CodeUsage)
}

func TestListOfABatchIsGivenBackForEachTarget(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	table := "品牌,商品券,批次,store_id,城市\n" +
		"120344,2000,5001,7,上海\n120344,2000,5001,8,北京\n120345,2000,5002,7,广州\n"
	path := w.write("all.csv", table)
	o := w.do("onboard", path, "--account", sandbox.PartnerAccount, "--wait", "--json").expect(t, 3)
	id := document[endDocument](t, o).Job
	// A list that says for which target a row is has each row once.
	rows := records(t, w.do("results", id, "--join", path).expect(t, 0).out, ',')
	if got, want := outcomesOf(rows, 5), []string{"storelink_outcome", "succeeded", "failed", "succeeded"}; !reflect.DeepEqual(got, want) {
		t.Fatalf("got %q, want %q: %q", got, want, rows)
	}
	for i, stock := range []string{"storelink_stock_id", "5001", "5001", "5002"} {
		if rows[i][16] != stock {
			t.Errorf("row %d: %q", i, rows[i])
		}
	}
	// One that does not has a row for each target, and nothing is hidden.
	list := w.write("plain.csv", "store_id,城市\n7,上海\n9,成都\n")
	rows = records(t, w.do("results", id, "--join", list).expect(t, 0).out, ',')
	if len(rows) != 4 || rows[1][13] != "5001" || rows[2][13] != "5002" || rows[2][1] != "上海" || rows[3][2] != "not in the job" {
		t.Errorf("got %q", rows)
	}
	w.do("results", id, "--join", list, "--output", w.file("out.xlsx")).expect(t, 0)
	f, err := excelize.OpenFile(w.file("out.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if sheet, err := f.GetRows("Stores"); err != nil || len(sheet) != 4 || sheet[2][13] != "5002" {
		t.Errorf("got %q, %v", sheet, err)
	}
}
