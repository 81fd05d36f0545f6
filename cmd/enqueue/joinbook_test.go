package main

import (
	"archive/zip"
	"bytes"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/storelink/storelink/internal/job"
)

// parts reads a workbook's parts, as they are unpacked.
func parts(t *testing.T, book string) map[string]string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(b)
	}
	return out
}

// packed makes a workbook of one sheet's markup; more are other parts, by name.
func packed(t *testing.T, sheet string, more map[string]string) string {
	t.Helper()
	all := map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" ` +
			`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml": `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ` +
			`xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="表" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" ` +
			`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml": sheet,
	}
	for name, part := range more {
		all[name] = part
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range []string{"[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"} {
		write(t, z, name, all[name])
		delete(all, name)
	}
	for name, part := range all {
		write(t, z, name, part)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func write(t *testing.T, z *zip.Writer, name, part string) {
	t.Helper()
	to, err := z.Create(name)
	if err == nil {
		_, err = io.WriteString(to, part)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A workbook that is given back is the one that was given: every part of it, but for the cells that were added to its sheet.
func TestWorkbookIsGivenBackInPlace(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	const ns = ` xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	const head = `<?xml version="1.0" encoding="UTF-8"?><!-- a > b --><worksheet` + ns + `><dimension ref="A1:C4"/><sheetData>` +
		`<row r="1" spans="1:3" ht="20"><c r="A1" t="inlineStr"><is><t>门店ID</t></is></c><c r="B1" t="inlineStr"><is><t>n</t></is></c></row>`
	const tail = `<row r="4" spans="1:3"/></sheetData><mergeCells count="1"><mergeCell ref="A9:B9"/></mergeCells></worksheet>`
	for name, c := range map[string]struct{ list, want string }{
		"numbers, formulas and styles": {
			head + `<row r="2" spans="1:3" s="1"><c r="A2" s="7"><v>7</v></c><c r="B2"><f>1&gt;0</f><v>1.50</v></c><c r="C2" s="2"/></row>` + tail,
			strings.NewReplacer(`ref="A1:C4"`, `ref="A1:I4"`, `<row r="1" spans="1:3" ht="20">`, `<row r="1" ht="20">`,
				`<t>n</t></is></c></row>`, `<t>n</t></is></c>HEAD</row>`).Replace(head) +
				`<row r="2" s="1"><c r="A2" s="7"><v>7</v></c><c r="B2"><f>1&gt;0</f><v>1.50</v></c>ROW</row>` + tail},
		"a prefix, and no names": {
			`<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData><x:row><x:c t="inlineStr"><x:is>` +
				`<x:t>store_id</x:t></x:is></x:c></x:row><x:row><x:c><x:v>7</x:v></x:c></x:row></x:sheetData></x:worksheet>`, ""},
	} {
		list := packed(t, c.list, map[string]string{"xl/media/1.bin": "\x00anything", "docProps/app.xml": "<a/>"})
		path := w.write("in.xlsx", list)
		id := w.ended(path)
		w.do("results", id, "--join", path, "--output", w.file("out.xlsx")).expect(t, 0)
		out := mustRead(t, w.file("out.xlsx"))
		before, after := parts(t, list), parts(t, out)
		const sheet = "xl/worksheets/sheet1.xml"
		if c.want != "" {
			head, rest, _ := strings.Cut(c.want, "HEAD")
			middle, end, _ := strings.Cut(rest, "ROW")
			got := after[sheet]
			if !strings.HasPrefix(got, head) || !strings.Contains(got, middle) || !strings.HasSuffix(got, end) {
				t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
			}
		}
		delete(before, sheet)
		delete(after, sheet)
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%s: other parts changed: %q, %q", name, before, after)
		}
		f, err := excelize.OpenReader(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.GetRows("表")
		if width := map[bool]int{true: 2, false: 1}[c.want != ""]; err != nil || rows[0][width] != "storelink_outcome" || rows[1][width] != "succeeded" {
			t.Errorf("%s: %q, %v", name, rows, err)
		}
		// And it is a list again, which can be given back once more.
		again := w.do("results", id, "--join", w.file("out.xlsx")).expect(t, 0)
		if !strings.Contains(again.out, "storelink_outcome_2") {
			t.Errorf("%s, again: %s", name, again.out)
		}
	}
}

// cases is the folder of small lists that storelist's tests read; what the command does with some is tested here.
const cases = "../../internal/input/storelist/testdata/cases/"

// Bytes that are neither UTF-8 nor GB18030 come back as they were.
func TestUnknownBytesAreGivenBack(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	list := mustRead(t, cases+"a69-latin1.csv")
	path := w.write("list.csv", list)
	id := w.ended(path)
	for _, output := range []string{"", w.file("out.csv")} {
		got := w.do("results", id, "--join", path, "--output", output).expect(t, 0).out
		if output != "" {
			got = mustRead(t, output)
		}
		if head, row, _ := strings.Cut(got, "\n"); !strings.HasPrefix(head, "store_id,name,storelink_outcome,") ||
			!strings.HasPrefix(row, "100000001,Caf\xe9 \xfc,succeeded,") {
			t.Errorf("%q: got %q", output, got)
		}
	}
}

// Whatever list was read can be given back.
func TestListThatWasReadIsGivenBack(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	path := w.write("list.xlsx", mustRead(t, cases+"join-panic.xlsx"))
	id := w.ended(path)
	w.do("results", id, "--join", path, "--output", w.file("out.xlsx")).expect(t, 0)
	f, err := excelize.OpenFile(w.file("out.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if kind, err := f.GetCellType(f.GetSheetName(0), "A2"); err != nil || kind != excelize.CellTypeUnset {
		t.Errorf("a number is of type %v, %v", kind, err)
	}
	if got, err := f.GetCellValue(f.GetSheetName(0), "D2"); err != nil || got != "succeeded" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestOnlyFailedRowsAreGivenBack(t *testing.T) {
	t.Parallel()
	w := withFailures(t)
	const text = "城市,门店编号,备注\n上海,7,\n北京,8,=1+1\n,,\n北京,?,\n又,8,\n广州,9,\n"
	list := w.write("list.csv", text)
	id := w.ended(list, "--set-aside", w.file("aside.csv"))
	rows := records(t, w.do("results", id, "--join", list, "--only", "failed").expect(t, 0).out, ',')
	if len(rows) != 3 || rows[0][3] != "storelink_outcome" || rows[1][0] != "北京" || rows[1][3] != "failed" || rows[2][0] != "又" {
		t.Errorf("got %q", rows)
	}
	book := w.write("list.xlsx", workbook(t, map[string][][]any{"Sheet1": {{"清单"}, {"门店ID", "数量"}, {7, 1}, {8, 2.5}, {9, 3}}}))
	o := w.do("results", id, "--join", book, "--only", "failed", "--output", w.file("failed.xlsx")).expect(t, 0)
	if !strings.Contains(o.out, "1 row written") {
		t.Errorf("got %s", o.out)
	}
	f, err := excelize.OpenFile(w.file("failed.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sheet, err := f.GetRows("Stores")
	if err != nil || len(sheet) != 2 || sheet[1][0] != "8" || sheet[1][1] != "2.5" || sheet[1][2] != string(job.Failed) {
		t.Errorf("got %q, %v", sheet, err)
	}
	for _, cell := range []string{"A2", "B2"} {
		if kind, err := f.GetCellType("Stores", cell); err != nil || kind != excelize.CellTypeUnset {
			t.Errorf("%s is of type %v, %v", cell, kind, err)
		}
	}
	// Mended, it is a list.
	if d := document[dryRunDocument](t, w.associate(w.file("failed.xlsx"), "--dry-run", "--json").expect(t, 0)); d.Total != 1 {
		t.Errorf("got %+v", d)
	}
}
