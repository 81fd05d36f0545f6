package storelist_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/storelist"
)

// around makes a workbook of a sheet's markup and shared strings' markup.
func around(t testing.TB, sheet, shared []byte) string {
	t.Helper()
	const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	const rels = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>`
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, part := range [][2]string{
		{"[Content_Types].xml", "<Types/>"},
		{"_rels/.rels", fmt.Sprintf(rels, `<Relationship Id="r1" Type="`+office+`/officeDocument" Target="xl/workbook.xml"/>`)},
		{"xl/workbook.xml", `<workbook xmlns="` + main + `" xmlns:r="` + office + `"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", fmt.Sprintf(rels, `<Relationship Id="r1" Type="`+office+`/worksheet" Target="worksheets/sheet1.xml"/>`+
			`<Relationship Id="r2" Type="`+office+`/sharedStrings" Target="sharedStrings.xml"/>`)},
		{"xl/worksheets/sheet1.xml", string(sheet)}, {"xl/sharedStrings.xml", string(shared)},
	} {
		to, err := z.Create(part[0])
		if err == nil {
			_, err = to.Write([]byte(part[1]))
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

// Parts come in more than one encoding; what is added to them is in UTF-8, and so is all of them then.
func TestWorkbooksInOtherEncodingsAreGivenBack(t *testing.T) {
	t.Parallel()
	const sheet = `<worksheet><sheetData><row><c t="inlineStr"><is><t>门店ID</t></is></c></row><row><c><v>7</v></c></row></sheetData></worksheet>`
	for name, markup := range map[string]string{
		"UTF-16":         utf16(`<?xml version="1.0" encoding="UTF-16"?>` + sheet),
		"a mark":         "\ufeff<?xml version='1.0' encoding='utf-8'?>" + sheet,
		"GBK":            gb18030(`<?xml version="1.0" encoding="GBK"?>` + sheet),
		"UTF-16 by word": `<?xml version="1.0" encoding="utf-16"?>` + sheet,
	} {
		list := around(t, []byte(markup), []byte("<sst/>"))
		rd, err := storelist.NewReader(t.Context(), strings.NewReader(list), storelist.Options{Name: "list.xlsx"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var out bytes.Buffer
		err = rd.WriteBook(&out, 1, storelist.Behind{Columns: 1, Of: func(l storelist.Line) ([]string, error) { return []string{"加了"}, nil }})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if rd, err = storelist.NewReader(t.Context(), &out, storelist.Options{Name: "list.xlsx", Column: "1"}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for line, err := range rd.Lines(false) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, v := range line.Values {
				got = append(got, v.Text)
			}
		}
		if want := "门店ID 加了 7 加了"; strings.Join(got, " ") != want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// FuzzWorkbookIsGivenBack: whatever workbook is accepted can be given back, in place and row by row; and what is given back in
// place has the same IDs, and what was added where it was added.
func FuzzWorkbookIsGivenBack(f *testing.F) {
	const head = `<worksheet><dimension ref="A1:B2"/><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>店ID</t></is></c></row>`
	for _, sheet := range []string{
		head + `<row r="2" spans="1:1"><c r="A2"><v>7</v></c><c r="B2" s="3"/><c r="C2"><!-- x > --><extLst><a b=">"/></extLst></c></row></sheetData></worksheet>`,
		head + `<row><c><v>7</v></c></row><row r='5' /><row><c t="s"><v>0</v></c><c t="s"><v>9</v></c></row></sheetData></worksheet>`,
		`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c>">]><x:worksheet xmlns:x="y"><x:sheetData><x:row><x:c><x:v>7</x:v></x:c></x:row></x:sheetData></x:worksheet>`,
		head + `<row r="2"><c r="a2" t="str"><v><![CDATA[8]]></v><f>1</f></c></row></sheetData><sheetData><row r="9"/></sheetData></worksheet>`,
	} {
		f.Add([]byte(sheet), []byte("<sst><si><t>x</t></si></sst>"))
	}
	f.Fuzz(func(t *testing.T, sheet, shared []byte) {
		list := around(t, sheet, shared)
		before, _, err := read(list, storelist.Options{Name: "list.xlsx"})
		if err != nil {
			return
		}
		open := func() *storelist.Reader {
			rd, err := storelist.NewReader(t.Context(), strings.NewReader(list), storelist.Options{Name: "list.xlsx"})
			if err != nil {
				t.Fatal(err)
			}
			return rd
		}
		survey, err := open().Survey()
		if err != nil {
			t.Fatalf("accepted, and cannot be read once more: %v", err)
		}
		for _, err := range open().Lines(false) {
			if err != nil {
				break // a cell beside the ID that cannot be read: a sentence, and no panic
			}
		}
		var out bytes.Buffer
		added := 0
		err = open().WriteBook(&out, survey.Width, storelist.Behind{Columns: 2, Of: func(l storelist.Line) ([]string, error) {
			switch l.Kind {
			case storelist.HeadLine:
				return []string{"storelink_a", "storelink_b"}, nil
			case storelist.StoreLine:
				added++
				return []string{"<a&\"_x0041_\x01" + l.ID, "b"}, nil
			}
			return nil, nil
		}})
		if err != nil {
			t.Fatalf("accepted, and cannot be given back: %v", err)
		}
		if after, _, err := read(out.String(), storelist.Options{Name: "list.xlsx"}); survey.Head &&
			(err != nil || !slices.Equal(before, after)) {
			t.Fatalf("was %q and is %q, %v\n%s", before, after, err, sheet)
		}
		if added < len(before) {
			t.Fatalf("%d rows have something added, of %d", added, len(before))
		}
		if list = out.String(); !survey.Head {
			return // what was added has no names
		}
		for line, err := range open().Lines(false) {
			if err == nil && line.Kind == storelist.StoreLine && line.Values[survey.Width].Text != "<a&\"_x0041_\x01"+line.ID {
				t.Fatalf("line %d has %+v", line.Number, line.Values)
			}
		}
	})
}
