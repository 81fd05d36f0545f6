package storelist_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

const (
	relsType = `http://schemas.openxmlformats.org/officeDocument/2006/relationships`
	sheetNS  = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	rowsOf5  = `<row r="1"><c r="A1" t="inlineStr"><is><t>门店ID</t></is></c></row><row r="2"><c r="A2"><v>5</v></c></row>`
)

// relations makes a part of references, each its ID, kind and target.
func relations(refs ...[3]string) string {
	out := `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	for _, r := range refs {
		out += `<Relationship Id="` + r[0] + `" Type="` + relsType + `/` + r[1] + `" Target="` + r[2] + `"/>`
	}
	return out + `</Relationships>`
}

func worksheet(rows string) string {
	return `<worksheet ` + sheetNS + `><sheetData>` + rows + `</sheetData></worksheet>`
}

func workbook(inside string) string {
	return `<workbook ` + sheetNS + ` xmlns:r="` + relsType + `">` + inside + `</workbook>`
}

// packed makes a workbook with one store, 5, whose parts are those of over instead where it has them; those that are empty
// there are left out.
func packed(t testing.TB, over map[string]string) string {
	t.Helper()
	parts := map[string]string{
		"_rels/.rels":                relations([3]string{"a", "officeDocument", "xl/workbook.xml"}),
		"xl/workbook.xml":            workbook(`<sheets><sheet name="华东" sheetId="1" r:id="s"/></sheets>`),
		"xl/_rels/workbook.xml.rels": relations([3]string{"s", "worksheet", "worksheets/sheet1.xml"}),
		"xl/worksheets/sheet1.xml":   worksheet(rowsOf5),
	}
	maps.Copy(parts, over)
	var list [][2]string
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if parts[name] != "" {
			list = append(list, [2]string{name, parts[name]})
		}
	}
	return zipped(t, list...)
}

func TestPartsAreFoundWhereverAWorkbookHasThem(t *testing.T) {
	t.Parallel()
	encoded := func(s string, mark unicode.BOMPolicy, end unicode.Endianness) string {
		out, err := unicode.UTF16(end, mark).NewEncoder().String(`<?xml version="1.0" encoding="UTF-16"?>` + s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	sheet := worksheet(rowsOf5)
	renamed := func(target, name string) map[string]string {
		return map[string]string{"xl/_rels/workbook.xml.rels": relations([3]string{"s", "worksheet", target}), "xl/worksheets/sheet1.xml": "", name: sheet}
	}
	for name, over := range map[string]map[string]string{
		"as most programs write them": nil,
		"the main part at the root": {"_rels/.rels": relations([3]string{"a", "officeDocument", "book.xml"}), "xl/workbook.xml": "",
			"xl/_rels/workbook.xml.rels": "", "book.xml": workbook(`<sheets><sheet name="S" sheetId="1" r:id="s"/></sheets>`),
			"_rels/book.xml.rels": relations([3]string{"s", "worksheet", "/xl/worksheets/sheet1.xml"})},
		"no package relations": {"_rels/.rels": ""},
		"an absolute target":   renamed("/xl/worksheets/Sheet1.xml", "xl/worksheets/sheet1.xml"),
		"a target with dots":   renamed("../xl/./worksheets/one.xml", "xl/worksheets/one.xml"),
		"backslashes":          renamed(`worksheets\one.xml`, `xl\worksheets\one.xml`),
		"a dot before names":   renamed("worksheets/one.xml", "./xl/worksheets/one.xml"),
		"a slash before names": renamed("worksheets/one.xml", "/xl/worksheets/one.xml"),
		"an escaped target":    renamed("worksheets/%E4%B8%80%20one.xml", "xl/worksheets/一 one.xml"),
		"another case":         renamed("Worksheets/SHEET1.xml", "xl/worksheets/sheet1.XML"),
		"folders as entries":   {"xl/": " ", "XL/": " "},
		"UTF-16 with a mark": {"xl/worksheets/sheet1.xml": encoded(sheet, unicode.UseBOM, unicode.LittleEndian),
			"xl/workbook.xml": encoded(workbook(`<sheets><sheet name="S" sheetId="1" r:id="s"/></sheets>`), unicode.UseBOM, unicode.BigEndian)},
		"UTF-16 without, LE":           {"xl/worksheets/sheet1.xml": encoded(sheet, unicode.IgnoreBOM, unicode.LittleEndian)},
		"UTF-16 without, BE":           {"xl/worksheets/sheet1.xml": encoded(sheet, unicode.IgnoreBOM, unicode.BigEndian)},
		"UTF-8 that says it is UTF-16": {"xl/worksheets/sheet1.xml": `<?xml version="1.0" encoding="utf-16"?>` + sheet},
		"UTF-8 with a mark":            {"xl/worksheets/sheet1.xml": "\ufeff" + `<?xml version="1.0" encoding="UTF-8"?>` + sheet},
		"GBK":                          {"xl/worksheets/sheet1.xml": gb18030(`<?xml version="1.0" encoding="gbk"?>` + sheet)},
		"ASCII":                        {"xl/worksheets/sheet1.xml": `<?xml version="1.0" encoding="US-ASCII"?>` + strings.Replace(sheet, "门店", "&#38376;&#24215;", 1)},
		"a chart's sheet beside it": {"xl/workbook.xml": workbook(`<sheets><sheet name="C" sheetId="2" r:id="c"/><sheet name="S" sheetId="1" r:id="s"/></sheets>`),
			"xl/_rels/workbook.xml.rels": relations([3]string{"s", "worksheet", "worksheets/sheet1.xml"}, [3]string{"c", "chartsheet", "chartsheets/sheet1.xml"})},
		"the remains of a module": {"xl/workbook.xml": workbook(`<sheets><sheet name="M" sheetId="2" state="veryHidden" r:id=""/>` +
			`<sheet name="S" sheetId="1" r:id="s"/></sheets>`)},
		"small letters":             {"xl/worksheets/sheet1.xml": worksheet(strings.ReplaceAll(strings.ReplaceAll(rowsOf5, "A1", "a1"), "A2", "a2"))},
		"no names of cells":         {"xl/worksheets/sheet1.xml": worksheet(strings.ReplaceAll(strings.ReplaceAll(rowsOf5, ` r="A1"`, ""), ` r="A2"`, ""))},
		"no numbers of rows":        {"xl/worksheets/sheet1.xml": worksheet(strings.ReplaceAll(strings.ReplaceAll(rowsOf5, `<row r="1"`, "<row"), `<row r="2"`, "<row"))},
		"attributes of extensions":  {"xl/worksheets/sheet1.xml": worksheet(strings.ReplaceAll(rowsOf5, `<c `, `<c xmlns:x="urn:x" x:r="ZZ9" x:t="b" `))},
		"space around a number":     {"xl/worksheets/sheet1.xml": worksheet(strings.ReplaceAll(rowsOf5, `<v>5</v>`, "<v>\n 5 </v>"))},
		"comments and instructions": {"xl/worksheets/sheet1.xml": `<!-- a --><?x y?>` + strings.ReplaceAll(sheet, "<v>5", "<!-- b --><v><![CDATA[5]]><!-- c -->")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids, _, err := read(packed(t, over), storelist.Options{Name: "list.xlsx"})
			if err != nil || !slices.Equal(ids, []string{"5"}) {
				t.Fatalf("got %q, %v", ids, err)
			}
		})
	}
}

// What is missing might be the list's very sheet, or the format that makes a date of a number.
func TestWhatIsMissingFromAWorkbookIsDamage(t *testing.T) {
	t.Parallel()
	two := workbook(`<sheets><sheet name="华东" sheetId="1" r:id="s"/><sheet name="华北" sheetId="2" r:id="z"/></sheets>`)
	hidden := strings.Replace(two, `name="华北"`, `name="华北" state="hidden"`, 1)
	both := func(kind, target string) string {
		return relations([3]string{"s", "worksheet", "worksheets/sheet1.xml"}, [3]string{"z", kind, target})
	}
	styled := strings.Replace(worksheet(rowsOf5), `<c r="A2">`, `<c r="A2" s="3">`, 1)
	for name, c := range map[string]struct {
		over map[string]string
		says string
	}{
		"a sheet without a relation":     {map[string]string{"xl/workbook.xml": two}, `sheet "华北" is missing`},
		"a hidden sheet without":         {map[string]string{"xl/workbook.xml": hidden}, `sheet "华北" is missing`},
		"a sheet without an ID":          {map[string]string{"xl/workbook.xml": strings.Replace(two, ` r:id="z"`, "", 1)}, `sheet "华北" is missing`},
		"a sheet without a part":         {map[string]string{"xl/workbook.xml": two, "xl/_rels/workbook.xml.rels": both("worksheet", "worksheets/sheet2.xml")}, `sheet "华北" is missing`},
		"a sheet that is something else": {map[string]string{"xl/workbook.xml": two, "xl/_rels/workbook.xml.rels": both("theme", "worksheets/sheet1.xml")}, `sheet "华北" is missing`},
		"a part of two sheets":           {map[string]string{"xl/workbook.xml": two, "xl/_rels/workbook.xml.rels": both("worksheet", "worksheets/sheet1.xml")}, "is another one as well"},
		"no references at all":           {map[string]string{"xl/_rels/workbook.xml.rels": ""}, `sheet "华东" is missing`},
		"the main part":                  {map[string]string{"xl/workbook.xml": ""}, "main part is missing"},
		"two main parts":                 {map[string]string{"_rels/.rels": relations([3]string{"a", "officeDocument", "xl/workbook.xml"}, [3]string{"b", "officeDocument", "b.xml"})}, "two main parts"},
		"a part that is another":         {map[string]string{"xl/worksheets/sheet1.xml": `<html/>`}, "is <html> and not <worksheet>"},
		"an empty part":                  {map[string]string{"xl/worksheets/sheet1.xml": " "}, "damaged"},
		"two documents in a part":        {map[string]string{"xl/worksheets/sheet1.xml": worksheet("") + worksheet(rowsOf5)}, "goes on after its end"},
		"an encoding nobody knows":       {map[string]string{"xl/worksheets/sheet1.xml": `<?xml version="1.0" encoding="EBCDIC"?>` + worksheet(rowsOf5)}, "EBCDIC"},
		"the part of the styles": {map[string]string{"xl/worksheets/sheet1.xml": styled,
			"xl/_rels/workbook.xml.rels": both("styles", "styles.xml")}, `style "3"`},
		"a style": {map[string]string{"xl/worksheets/sheet1.xml": styled, "xl/_rels/workbook.xml.rels": both("styles", "styles.xml"),
			"xl/styles.xml": `<styleSheet><cellXfs><xf numFmtId="0"/></cellXfs></styleSheet>`}, `style "3"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids, _, err := read(packed(t, c.over), storelist.Options{Name: "list.xlsx"})
			if job.ExitStatus(err) != 2 || !strings.Contains(err.Error(), c.says) || len(ids) > 0 {
				t.Fatalf("got %q, %v", ids, err)
			}
		})
	}
}

func TestFormatsByTheNameThatALanguageHasForGeneralAreGeneral(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"General", "G/通用格式", "G/標準", "G/표준", "Standard", "Estándar", "Основной", "通用格式"} {
		list := handmade(t, `<row><c t="inlineStr"><is><t>ID</t></is></c></row><row><c s="1"><v>100000001</v></c></row>`, "",
			`<numFmts><numFmt numFmtId="176" formatCode="`+name+`"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="176"/></cellXfs>`)
		if ids, _, err := read(list, storelist.Options{}); err != nil || !slices.Equal(ids, []string{"100000001"}) {
			t.Errorf("%s: got %q, %v", name, ids, err)
		}
	}
}
