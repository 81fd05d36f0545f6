package storelist_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// book makes a workbook as excelize writes it.
func book(t testing.TB, fill func(f *excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var out bytes.Buffer
	if _, err := f.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func set(t testing.TB, f *excelize.File, sheet, cell string, value any) {
	t.Helper()
	if err := f.SetCellValue(sheet, cell, value); err != nil {
		t.Fatal(err)
	}
}

// format gives cells a number format.
func format(t testing.TB, f *excelize.File, cells, code string) {
	t.Helper()
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
	if err == nil {
		err = f.SetCellStyle("Sheet1", cells, cells, style)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// column makes a workbook whose first sheet has the values below one another.
func column(t testing.TB, values ...any) string {
	t.Helper()
	return book(t, func(f *excelize.File) {
		for i, v := range values {
			set(t, f, "Sheet1", fmt.Sprintf("A%d", i+1), v)
		}
	})
}

// handmade makes a workbook of one sheet from its markup, with shared strings and styles if there are any.
func handmade(t testing.TB, sheet, strings, styles string) string {
	t.Helper()
	const (
		main = `http://schemas.openxmlformats.org/officeDocument/2006/relationships`
		rels = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
		ns   = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	)
	parts := [][2]string{
		{"_rels/.rels", rels + `<Relationship Id="a" Type="` + main + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook ` + ns + ` xmlns:r="` + main + `"><sheets><sheet name="S" r:id="s"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", rels + `<Relationship Id="s" Type="` + main + `/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="t" Type="` + main + `/sharedStrings" Target="/xl/sharedStrings.xml"/>` +
			`<Relationship Id="y" Type="` + main + `/styles" Target="styles.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", `<worksheet ` + ns + `><sheetData>` + sheet + `</sheetData></worksheet>`},
	}
	if strings != "" {
		parts = append(parts, [2]string{"xl/sharedStrings.xml", `<sst ` + ns + `>` + strings + `</sst>`})
	}
	if styles != "" {
		parts = append(parts, [2]string{"xl/styles.xml", `<styleSheet ` + ns + `>` + styles + `</styleSheet>`})
	}
	return zipped(t, parts...)
}

func zipped(t testing.TB, parts ...[2]string) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, p := range parts {
		w, err := z.Create(p[0])
		if err == nil && !strings.HasSuffix(p[0], "/") {
			_, err = io.WriteString(w, p[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSpreadsheetsAreReadAsPeopleHaveThem(t *testing.T) {
	t.Parallel()
	table := func(f *excelize.File) {
		for cell, v := range map[string]any{"A1": "门店名称", "B1": "门店编号", "A2": "上海", "B2": 100000001, "A3": "北京", "B3": "007",
			"A5": "广州", "B5": " 100000002 ", "A6": "又", "B6": "007"} {
			set(t, f, "Sheet1", cell, v)
		}
	}
	for name, c := range map[string]struct {
		list string
		opts storelist.Options
		want string
	}{
		"a table":           {list: book(t, table), want: "100000001 007 100000002"},
		"gzip":              {list: gzipped(book(t, table)), want: "100000001 007 100000002"},
		"whatever its name": {list: book(t, table), opts: storelist.Options{Name: "list.txt"}, want: "100000001 007 100000002"},
		"no header":         {list: column(t, 100000001, "B-2", 3), want: "100000001 B-2 3"},
		"a lone header":     {list: column(t, "Store", 7, "007"), want: "7 007"},
		"a column by name": {list: book(t, table), opts: storelist.Options{Column: "门店 编号"},
			want: "100000001 007 100000002"},
		"a column by number": {list: book(t, table), opts: storelist.Options{Column: "2"}, want: "100000001 007 100000002"},
		"titles above the header": {list: book(t, func(f *excelize.File) {
			set(t, f, "Sheet1", "A1", "2026 年门店清单")
			if err := f.MergeCell("Sheet1", "A1", "C1"); err != nil {
				t.Fatal(err)
			}
			set(t, f, "Sheet1", "B3", "城市")
			set(t, f, "Sheet1", "C3", "门店ID")
			set(t, f, "Sheet1", "B4", "上海")
			set(t, f, "Sheet1", "C4", "9")
		}), want: "9"},
		"titles of several cells above the header": {list: rowsOf(t, []any{"某某品牌"}, []any{"制表人", "Zhang", "制表日期", "2026-7-1"},
			[]any{"序号", "*品牌门店\nID（必填）", "门店名称"}, []any{1, 100000001, "甲"}, []any{2, "007", "乙"}), want: "100000001 007"},
		"a file of the strict standard": {list: zipped(t,
			[2]string{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="` +
				`http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
			[2]string{"xl/workbook.xml", `<workbook xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main" conformance="strict" xmlns:r="` +
				`http://purl.oclc.org/ooxml/officeDocument/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`},
			[2]string{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1"` +
				` Type="http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet" Target="worksheets/one.xml"/></Relationships>`},
			[2]string{"xl/worksheets/one.xml", `<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData><x:row r="1"><x:c r="A1">` +
				`<x:v>100000001</x:v></x:c></x:row></x:sheetData></x:worksheet>`}), want: "100000001"},
		"a table that begins elsewhere": {list: book(t, func(f *excelize.File) {
			set(t, f, "Sheet1", "D5", "store_id")
			set(t, f, "Sheet1", "D6", "1")
			set(t, f, "Sheet1", "D7", "2")
		}), want: "1 2"},
		"number formats do not matter": {list: book(t, func(f *excelize.File) {
			for i, code := range []string{"General", "0", "#,##0", "0.00E+00", "0.00", "@", "¥#,##0.00", `_-* #,##0_-`, "[Red]0", `0"家"`} {
				cell := fmt.Sprintf("A%d", i+1)
				set(t, f, "Sheet1", cell, 100000001+i)
				format(t, f, cell, code)
			}
		}), want: "100000001 100000002 100000003 100000004 100000005 100000006 100000007 100000008 100000009 100000010"},
		"exponents in the file": {list: handmade(t, `<row><c><v>1.00000001E8</v></c></row><row><c><v>1E+08</v></c></row>`+
			`<row r="9"><c r="A9" t="n"><v>999999999999999</v></c></row>`, "", ""), want: "100000001 100000000 999999999999999"},
		"shared, rich and inline strings": {list: handmade(t, `<row><c t="s"><v>1</v></c></row><row><c t="s"><v>0</v></c></row>`+
			`<row><c t="inlineStr"><is><r><t>3</t></r><r><rPr><b/></rPr><t>4</t></r></is></c></row><row><c t="str"><f>1+1</f><v>05</v></c></row>`,
			`<si><t>01</t><rPh sb="0" eb="1"><t>x</t></rPh></si><si><r><t xml:space="preserve"> 0</t></r><r><t>2</t></r></si>`, ""),
			want: "02 01 34 05"},
		"underscores that look like escapes": {list: handmade(t, `<row><c t="str"><v>a_x0041_b</v></c></row>`+
			`<row><c t="inlineStr"><is><t>b_x005F_x0041_</t></is></c></row><row><c t="str"><v>_x005F_x005F_</v></c></row>`, "", ""),
			want: "a_x0041_b b_x0041_ _x005F_"},
		"a formula's result": {list: handmade(t, `<row><c><f>A2+1</f><v>8</v></c></row><row><c><v>7</v></c></row>`, "", ""), want: "8 7"},
		"hidden rows": {list: book(t, func(f *excelize.File) {
			for i := range 3 {
				set(t, f, "Sheet1", fmt.Sprintf("A%d", i+1), i+1)
			}
			if err := f.SetRowVisible("Sheet1", 2, false); err != nil {
				t.Fatal(err)
			}
		}), want: "1 2 3"},
		"a negative number is an ID with a hyphen": {list: column(t, "ID", -5), want: "-5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids, stats, err := read(c.list, c.opts)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(ids, " "); got != c.want || stats.Format != "xlsx" || stats.Sheet == "" {
				t.Fatalf("got %q (%+v), want %q", got, stats, c.want)
			}
			if hidden := int64(strings.Count(name, "hidden rows")); stats.Hidden != hidden {
				t.Fatalf("%d hidden rows", stats.Hidden)
			}
		})
	}
}

// A row that may be a store's is never passed over for a header further down.
func TestRowsOfStoresAreNoTitles(t *testing.T) {
	t.Parallel()
	header := []any{"城市", "门店ID"}
	for name, c := range map[string]struct {
		list string
		opts storelist.Options
	}{
		"an ID beside a name":              {list: rowsOf(t, []any{"甲", "1001"}, header, []any{"上海", 7})},
		"a number beside a name":           {list: rowsOf(t, []any{"甲", 1001}, header, []any{"上海", 7})},
		"a damaged ID beside a name":       {list: rowsOf(t, []any{"甲", "1.0E+08"}, header, []any{"上海", 7})},
		"a lone ID":                        {list: rowsOf(t, []any{"清单"}, []any{"AB"}, header, []any{"上海", 7})},
		"a bad row, the column by number":  {list: rowsOf(t, []any{"城市", "编号"}, []any{"上海", "甲"}, []any{"北京", 7}), opts: storelist.Options{Column: "2"}},
		"a header of another name, before": {list: rowsOf(t, []any{"城市", "门店编号"}, []any{"上海", "甲"}, header, []any{"北京", 7})},
	} {
		if ids, _, err := read(c.list, c.opts); job.ExitStatus(err) != 2 {
			t.Errorf("%s: got %q, %v", name, ids, err)
		}
	}
}

// rowsOf makes a workbook of rows, from the first on.
func rowsOf(t testing.TB, rows ...[]any) string {
	t.Helper()
	return book(t, func(f *excelize.File) {
		for i, r := range rows {
			if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &r); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestSheetIsChosen(t *testing.T) {
	t.Parallel()
	make := func(fill map[string]string, hidden ...string) string {
		return book(t, func(f *excelize.File) {
			for _, s := range []string{"一月", "二月", "2"} {
				if _, err := f.NewSheet(s); err != nil {
					t.Fatal(err)
				}
			}
			for s, id := range fill {
				set(t, f, s, "A1", id)
			}
			f.SetActiveSheet(3)
			for _, s := range hidden {
				if err := f.SetSheetVisible(s, false); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	both := map[string]string{"一月": "1", "二月": "2"}
	for name, c := range map[string]struct {
		list, sheet, want, says string
	}{
		"the only one with rows":   {list: make(map[string]string{"二月": "2"}), want: "2"},
		"the only visible one":     {list: make(both, "一月"), want: "2"},
		"several":                  {list: make(both), says: `"一月", "二月": choose one by --sheet`},
		"by name":                  {list: make(both), sheet: "二月", want: "2"},
		"by number, as seen":       {list: make(both, "Sheet1"), sheet: "1", want: "1"},
		"a name that is a number":  {list: make(map[string]string{"2": "22", "一月": "1"}), sheet: "2", want: "22"},
		"a hidden one by name":     {list: make(both, "一月"), sheet: "一月", want: "1"},
		"none of that name":        {list: make(both), sheet: "三月", says: `there are "Sheet1", "一月"`},
		"an empty one":             {list: make(both), sheet: "Sheet1", says: "empty"},
		"nothing anywhere":         {list: make(nil), says: "the list is empty"},
		"all that is there hidden": {list: make(map[string]string{"一月": "1"}, "一月"), says: "--sheet NAME"},
		"text has no sheets":       {list: "1\n2\n", sheet: "1", says: "for spreadsheets"},
	} {
		ids, _, err := read(c.list, storelist.Options{Sheet: c.sheet})
		if c.says == "" && (err != nil || strings.Join(ids, " ") != c.want) {
			t.Errorf("%s: %q, %v", name, ids, err)
		}
		if c.says != "" && (job.ExitStatus(err) != 2 || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCellsThatHoldNoIDAreBadRows(t *testing.T) {
	t.Parallel()
	formatted := func(v any, code string) string {
		return book(t, func(f *excelize.File) {
			set(t, f, "Sheet1", "A1", "门店ID")
			set(t, f, "Sheet1", "A2", v)
			format(t, f, "A2", code)
		})
	}
	for name, c := range map[string]struct{ list, says string }{
		"sixteen digits":      {column(t, "ID", int64(1000000000000000)), "15 digits"},
		"more in the file":    {column(t, "ID", int64(1234567890123456789)), "15 digits"},
		"a fraction":          {column(t, "ID", 100000001.5), "whole"},
		"a date":              {column(t, "ID", time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)), "date"},
		"a date's format":     {formatted(100, `yyyy"年"m"月"`), "date"},
		"a built-in date":     {handmade(t, `<row><c t="inlineStr"><is><t>ID</t></is></c></row><row><c s="1"><v>5</v></c></row>`, "", `<cellXfs><xf numFmtId="0"/><xf numFmtId="57"/></cellXfs>`), "date"},
		"hours":               {formatted(2.5, "[hh]:mm"), "time"},
		"an ISO date":         {handmade(t, `<row><c t="inlineStr"><is><t>ID</t></is></c></row><row><c t="d"><v>2026-07-01</v></c></row>`, "", ""), "date"},
		"a boolean":           {column(t, "ID", true), "TRUE or FALSE"},
		"an error":            {handmade(t, `<row><c t="inlineStr"><is><t>ID</t></is></c></row><row><c t="e"><f>1/0</f><v>#DIV/0!</v></c></row>`, "", ""), "error"},
		"no number":           {handmade(t, `<row><c t="inlineStr"><is><t>ID</t></is></c></row><row><c><v>inf</v></c></row>`, "", ""), "error"},
		"formula, not saved":  {handmade(t, `<row><c t="inlineStr"><is><t>ID</t></is></c></row><row><c><f>A1</f></c></row>`, "", ""), "result is not in the file"},
		"zeros that are none": {formatted(7, "000000000"), "does not hold"},
		"a prefix":            {formatted(7, `"SH-"0`), "does not hold"},
		"hyphens":             {formatted(1234567, "000-0000"), "does not hold"},
		"damaged text":        {column(t, "ID", "1.00000001E+08"), "spreadsheet"},
		"an apostrophe":       {column(t, "ID", "'7?"), "apostrophe"},
		"two values": {book(t, func(f *excelize.File) {
			set(t, f, "Sheet1", "A1", "ID")
			set(t, f, "Sheet1", "A2", "1")
			set(t, f, "Sheet1", "B2", "2")
		}), "more than one value"},
		"below a merged cell": {book(t, func(f *excelize.File) {
			set(t, f, "Sheet1", "A1", "门店ID")
			set(t, f, "Sheet1", "B1", "b")
			set(t, f, "Sheet1", "A2", "")
			set(t, f, "Sheet1", "B2", "x")
		}), "missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := read(c.list, storelist.Options{Name: "list.xlsx"})
			var bad *storelist.BadRows
			if !errors.As(err, &bad) || job.AsError(err).Line != 2 || bad.Count != 1 || bad.First[0].Line != 2 ||
				!strings.Contains(bad.First[0].Why.String(), c.says) {
				t.Fatalf("got %v", err)
			}
			var aside []storelist.Rejected
			_, stats, err := read(c.list, storelist.Options{SetAside: func(r storelist.Rejected) error { aside = append(aside, r); return nil }})
			if stats.SetAside != 1 || job.ExitStatus(err) != 2 || aside[0].Line != 2 || len(aside[0].Cells) == 0 {
				t.Fatalf("set aside %+v, %v", aside, err)
			}
		})
	}
}

func TestFilesThatAreNoListAreSaidToBeWhatTheyAre(t *testing.T) {
	t.Parallel()
	whole := column(t, "ID", 1, 2, 3)
	monotony := strings.Repeat("<!--"+strings.Repeat(" ", 1<<19)+"-->", 10)
	compound := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 70_000)
	wide := func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") + "\x00" }
	flipped := []byte(whole)
	flipped[strings.Index(whole, "xl/worksheets/sheet1.xml")+60] ^= 0xff
	for name, c := range map[string]struct{ list, says string }{
		"xls":                 {compound + wide("Workbook"), "old spreadsheet (.xls)"},
		"under a password":    {compound + wide("EncryptedPackage") + compound, "password"},
		"xlsb":                {zipped(t, [2]string{"xl/workbook.bin", "x"}), ".xlsb"},
		"ods":                 {zipped(t, [2]string{"mimetype", "x"}, [2]string{"content.xml", "x"}), ".ods"},
		"numbers":             {zipped(t, [2]string{"Index/Document.iwa", "x"}), ".numbers"},
		"docx":                {zipped(t, [2]string{"word/document.xml", "x"}), ".docx"},
		"a web page":          {"\ufeff\r\n<html><table><tr><td>门店ID</td></tr></table></html>", "a web page or XML"},
		"XML of 2003":         {"<?xml version=\"1.0\"?>\n<Workbook/>", "a web page or XML"},
		"another zip":         {zipped(t, [2]string{"list.csv", "1\n"}), "unpack it"},
		"an empty zip":        {zipped(t), "unpack it"},
		"a beginning":         {whole[:len(whole)/2], "damaged"},
		"a bit that flipped":  {string(flipped), "damaged"},
		"markup breaks off":   {zippedSheet(t, `<worksheet><sheetData><row><c><v>1</v></c></row>`), "damaged"},
		"rows out of order":   {handmade(t, `<row r="2"><c><v>1</v></c></row><row r="1"><c><v>2</v></c></row>`, "", ""), "damaged"},
		"cells out of order":  {handmade(t, `<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>`, "", ""), "damaged"},
		"a row too far":       {handmade(t, `<row r="1048577"><c><v>1</v></c></row>`, "", ""), "damaged"},
		"a column too far":    {handmade(t, `<row r="1"><c r="XFE1"><v>1</v></c></row>`, "", ""), "damaged"},
		"no such string":      {handmade(t, `<row><c t="s"><v>7</v></c></row>`, `<si><t>1</t></si>`, ""), "damaged"},
		"no strings":          {handmade(t, `<row><c t="s"><v>0</v></c></row>`, "", ""), "damaged"},
		"a negative string":   {handmade(t, `<row><c t="s"><v>-1</v></c></row>`, `<si><t>1</t></si>`, ""), "damaged"},
		"an unknown entity":   {handmade(t, `<row><c t="str"><v>&x;</v></c></row>`, "", ""), "damaged"},
		"deeply nested":       {handmade(t, strings.Repeat("<a>", 1000)+strings.Repeat("</a>", 1000), "", ""), "damaged"},
		"a bomb":              {handmade(t, monotony, "", ""), "unpacks to far more"},
		"a bomb of strings":   {handmade(t, `<row><c t="s"><v>0</v></c></row>`, monotony, ""), "unpacks to far more"},
		"a text without end":  {handmade(t, `<row><c t="str"><v>`+strings.Repeat("1", 5<<18)+`</v></c></row>`, "", ""), "more than 1048576 bytes"},
		"a comment without":   {handmade(t, `<!--`+strings.Repeat("<", 5<<18)+`--><row/>`, "", ""), "more than 1048576 bytes"},
		"texts without end":   {handmade(t, `<row><c t="str"><v>`+strings.Repeat(strings.Repeat("1", 1<<14)+"<a/>", 65)+`</v></c></row>`, "", ""), "more than 1048576 bytes"},
		"two of one name":     {zipped(t, [2]string{"xl/workbook.xml", "<a/>"}, [2]string{"XL/workbook.xml", "<a/>"}), "damaged"},
		"a folder of parts":   {zipped(t, manyParts(14_000)...), "too many parts"},
		"sheets without part": {zipped(t, [2]string{"xl/workbook.xml", "<workbook><sheets/></workbook>"}), "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := read(c.list, storelist.Options{Name: "list.xlsx"})
			e := job.AsError(err)
			if err == nil || e.Code != job.CodeBadList || e.File != "list.xlsx" || !strings.Contains(err.Error(), c.says) ||
				strings.Contains(e.Message.String(), "\n") {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func zippedSheet(t testing.TB, sheet string) string {
	t.Helper()
	whole := handmade(t, "", "", "")
	z, err := zip.NewReader(strings.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	var parts [][2]string
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(f.Name, "sheet1") {
			text = []byte(sheet)
		}
		parts = append(parts, [2]string{f.Name, string(text)})
	}
	return zipped(t, parts...)
}

func manyParts(n int) (parts [][2]string) {
	for i := range n {
		parts = append(parts, [2]string{fmt.Sprintf("%0600d", i), ""})
	}
	return parts
}

func TestSpreadsheetFromAPipe(t *testing.T) {
	t.Parallel()
	list := column(t, "ID", 1, 2)
	rd, err := storelist.NewReader(t.Context(), iotest.OneByteReader(strings.NewReader(list)), storelist.Options{Name: "<stdin>"})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for id, err := range rd.IDs() {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if !slices.Equal(ids, []string{"1", "2"}) || rd.Close() != nil {
		t.Fatalf("got %q", ids)
	}
	broken := iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(list)))
	if _, err := storelist.NewReader(t.Context(), broken, storelist.Options{}); job.ExitStatus(err) != 2 {
		t.Fatalf("a pipe that breaks: %v", err)
	}
}

func TestLinesGiveEverythingInOrder(t *testing.T) {
	t.Parallel()
	sheet := book(t, func(f *excelize.File) {
		for cell, v := range map[string]any{"A1": "清单", "A2": "门店ID", "B2": "开业", "A3": 7, "B3": 45000, "A5": 7, "C5": "x", "A6": "?", "C6": true} {
			set(t, f, "Sheet1", cell, v)
		}
		format(t, f, "B3", "yyyy-mm-dd")
	})
	for name, c := range map[string]struct{ list, want string }{
		"a sheet": {sheet, "1 1 [清单]|2 2 [门店ID 开业]|3 0 [7 2023-03-15] 7|5 0 [7  x] 7|6 0 [?  TRUE] ? bad|"},
		"CSV":     {"门店ID,名称\n7, 甲 \n,\n7\n?,x,y\n'-A1,\n", "1 2 [门店ID 名称]|2 0 [7  甲 ] 7|3 3 [ ]|4 0 [7] 7|5 0 [? x y] ? bad|6 0 ['-A1 ] -A1|"},
		"GB18030": {gb18030("门店ID,名称\n7,墙\n"), "1 2 [门店ID 名称]|2 0 [7 墙] 7|"},
		"text":    {"7\n8\n", "1 0 [7] 7|2 0 [8] 8|"},
	} {
		survey := storelist.Survey{}
		got := ""
		for pass := range 2 {
			rd, err := storelist.NewReader(t.Context(), strings.NewReader(c.list), storelist.Options{Name: "list"})
			if err != nil {
				t.Fatal(err)
			}
			if pass == 0 {
				if survey, err = rd.Survey(); err != nil {
					t.Fatal(err)
				}
				continue
			}
			for line, err := range rd.Lines(survey.GB18030) {
				if err != nil {
					t.Fatal(err)
				}
				var texts []string
				for _, v := range line.Values {
					texts = append(texts, v.Text)
				}
				got += fmt.Sprintf("%d %d %s", line.Number, line.Kind, fmt.Sprint(texts))
				if line.ID != "" {
					got += " " + line.ID
				}
				if !line.Why.IsZero() {
					got += " bad"
				}
				got += "|"
			}
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
	rd, err := storelist.NewReader(t.Context(), strings.NewReader("{\"store_id\":1}\n"), storelist.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rd.Survey(); job.ExitStatus(err) != 2 {
		t.Errorf("JSON lines: %v", err)
	}
}
