package storelist_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"github.com/storelink/storelink/internal/input/storelist"
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
		err = rd.WriteBook(&out, 1, storelist.Behind{Columns: 1, Of: func(l storelist.Line) ([][]string, error) { return [][]string{{"加了"}}, nil }})
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
		err = open().WriteBook(&out, survey.Width, storelist.Behind{Columns: 2, Of: func(l storelist.Line) ([][]string, error) {
			switch l.Kind {
			case storelist.HeadLine:
				return [][]string{{"storelink_a", "storelink_b"}}, nil
			case storelist.StoreLine:
				added++
				return [][]string{{"<a&\"_x0041_\x01" + l.ID, "b"}}, nil
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

// givenBack gives a text back with something behind each row, and takes that out again.
func givenBack(t *testing.T, list string, opts storelist.Options) (string, error) {
	t.Helper()
	opts.Keep = true
	open := func() *storelist.Reader {
		rd, err := storelist.NewReader(t.Context(), strings.NewReader(list), opts)
		if err != nil {
			t.Fatal(err)
		}
		return rd
	}
	survey, err := open().Survey()
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	var added []string
	err = open().WriteText(&out, survey, storelist.Behind{Columns: 1, Of: func(l storelist.Line) ([][]string, error) {
		if l.Kind != storelist.StoreLine && l.Kind != storelist.HeadLine {
			return [][]string{nil}, nil
		}
		cell := fmt.Sprintf("ADDED-%d-", len(added))
		added = append(added, strings.Repeat(string(survey.Comma), 1+survey.Width-len(l.Values))+cell)
		return [][]string{{cell}}, nil
	}})
	if err != nil {
		return "", err
	}
	text := out.String()
	coded := strings.HasPrefix(survey.Encoding, "UTF-16")
	if coded {
		text = fromUTF16(t, text, survey.Encoding)
	}
	for _, a := range added {
		if strings.Count(text, a) != 1 {
			t.Fatalf("%q is there %d times:\n%q", a, strings.Count(text, a), text)
		}
		text = strings.Replace(text, a, "", 1)
	}
	return text, nil
}

func fromUTF16(t *testing.T, text, encoding string) string {
	t.Helper()
	endian := map[string]unicode.Endianness{"UTF-16LE": unicode.LittleEndian, "UTF-16BE": unicode.BigEndian}[encoding]
	s, err := unicode.UTF16(endian, unicode.IgnoreBOM).NewDecoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A text is given back in the bytes that it came in, whatever it is in, with what was added behind its rows.
func TestTextIsGivenBackInItsOwnBytes(t *testing.T) {
	t.Parallel()
	const text = "清单\n\n城市,门店编号,备注\n上海, 7 ,=1+1\n\n,,\n\"北\n京\",8\n\n\n\"广\"\"州\",\"9\" ,\n7,\"8\",'-A1\n"
	for name, c := range map[string]struct{ list, want string }{
		"UTF-8":           {text, text},
		"no line end":     {strings.TrimSuffix(text, "\n"), strings.TrimSuffix(text, "\n")},
		"a mark":          {"\ufeff" + text, "\ufeff" + text},
		"CRLF":            {strings.ReplaceAll(text, "\n", "\r\n"), strings.ReplaceAll(text, "\n", "\r\n")},
		"CR":              {strings.ReplaceAll(text, "\n", "\r"), strings.ReplaceAll(text, "\n", "\r")},
		"CRCRLF":          {strings.ReplaceAll(text, "\n", "\r\r\n"), strings.ReplaceAll(text, "\n", "\r\r\n")},
		"mixed":           {"store_id,a\r\n1,b\n2,c\r3,d\r\n", "store_id,a\r\n1,b\n2,c\r3,d\r\n"},
		"GB18030":         {gb18030(text), gb18030(text)},
		"semicolons":      {strings.ReplaceAll(text, ",", ";"), strings.ReplaceAll(text, ",", ";")},
		"TSV":             {strings.ReplaceAll(text, ",", "\t"), strings.ReplaceAll(text, ",", "\t")},
		"Latin-1":         {"store_id,name\n7,Caf\xe9 \xfc\n", "store_id,name\n7,Caf\xe9 \xfc\n"},
		"two encodings":   {"store_id,name\n7,上海\n8," + gb18030("北京") + "\n", "store_id,name\n7,上海\n8," + gb18030("北京") + "\n"},
		"sep=":            {"sep=;\r\nstore_id;n\r\n7;x\r\n", "sep=;\r\nstore_id;n\r\n7;x\r\n"},
		"an ID a line":    {"7\n\n8\n 9\n", "7\n\n8\n 9\n"},
		"a text's trick":  {"store_id,n\n=\"007\",x\n'008,y\n", "store_id,n\n=\"007\",x\n'008,y\n"},
		"tabs behind":     {"store_id,n\n7\t,x\t\n", "store_id,n\n7\t,x\t\n"},
		"gzip":            {gzipped("\ufeff" + text), "\ufeff" + text},
		"UTF-16":          {utf16(text), "\ufeff" + text},
		"blank, at first": {strings.Repeat("\n", 300) + text, strings.Repeat("\n", 300) + text},
	} {
		if got, err := givenBack(t, c.list, storelist.Options{Name: "list"}); err != nil || got != c.want {
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, c.want)
		}
	}
}

// FuzzTextIsGivenBack: whatever text is accepted is given back in its own bytes.
func FuzzTextIsGivenBack(f *testing.F) {
	for _, list := range []string{"store_id,a\n7,b\n\n8\n", "7\r\n8", "门店ID;n\r\r\n\"7\";\"a\nb\"\r", "sep=;\nstore_id;b\n7;\n", "#x\n\n\nstore_id\ta\n7\t\xe9",
		"\ufeffstore_id\n7\n", "a,b,store_id\n,,\n1,2,3,\n"} {
		f.Add([]byte(list))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		if len(list) > 1 && (list[0] >= 0xfe || list[0] == 0x1f) || bytes.IndexByte(list, 0) >= 0 || bytes.Contains(list, []byte("ADDED")) {
			return // what is not the same bytes, but the same text
		}
		_, stats, err := read(string(list), storelist.Options{Name: "list"})
		if err != nil || stats.Format == "JSON lines" || stats.Format == "xlsx" {
			return
		}
		if got, err := givenBack(t, string(list), storelist.Options{Name: "list"}); err != nil || got != string(list) {
			t.Fatalf("%v\n got %q\nwant %q", err, got, list)
		}
	})
}
