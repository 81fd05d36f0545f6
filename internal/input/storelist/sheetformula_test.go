package storelist_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// formulas makes a workbook of one column: a header, a store, and cells in rows of their own.
func formulas(t testing.TB, calc string, cells ...string) string {
	t.Helper()
	rows := `<row r="1"><c r="A1" t="inlineStr"><is><t>门店ID</t></is></c></row><row r="2"><c r="A2"><v>100000001</v></c></row>`
	for i, c := range cells {
		rows += fmt.Sprintf(`<row r="%d">%s</row>`, i+3, strings.Replace(c, "<c", fmt.Sprintf(`<c r="A%d"`, i+3), 1))
	}
	return packed(t, map[string]string{"xl/worksheets/sheet1.xml": worksheet(rows),
		"xl/workbook.xml": workbook(`<sheets><sheet name="S" sheetId="1" r:id="s"/></sheets>` + calc)})
}

// What no program has calculated is no result, whatever stands in the cell: openpyxl leaves it empty, XlsxWriter writes 0,
// PhpSpreadsheet 0 as a text, and POI whatever its template had.
func TestFormulasThatNobodyCalculatedAreBadRows(t *testing.T) {
	t.Parallel()
	const later = `<calcPr calcId="124519" fullCalcOnLoad="1"/>`
	for name, c := range map[string]struct {
		calc  string
		cells []string
		bad   []int
	}{
		"an empty value":            {"", []string{`<c><f>A2+1</f><v></v></c>`, `<c><f>A3+1</f><v/></c>`}, []int{3, 4}},
		"no value":                  {"", []string{`<c><f>A2+1</f></c>`}, []int{3}},
		"no value, a text":          {"", []string{`<c t="str"><f>A2&amp;"x"</f></c>`}, []int{3}},
		"space":                     {"", []string{"<c><f>A2+1</f><v> \n</v></c>"}, []int{3}},
		"shared formulas":           {"", []string{`<c><f t="shared" ref="A3:A4" si="0">A2+1</f><v></v></c>`, `<c><f t="shared" si="0"/><v></v></c>`}, []int{3, 4}},
		"a shared string":           {"", []string{`<c t="s"><f>A2</f><v></v></c>`}, []int{3}},
		"a truth":                   {"", []string{`<c t="b"><f>A2</f><v></v></c>`}, []int{3}},
		"an error":                  {"", []string{`<c t="e"><f>A2</f><v></v></c>`}, []int{3}},
		"an inline text":            {"", []string{`<c t="inlineStr"><f>A2</f><is><t></t></is></c>`}, []int{3}},
		"the cells of an array":     {"", []string{`<c><f t="array" ref="A3:A5">B3:B5</f><v></v></c>`, `<c><v></v></c>`, `<c s="0"/>`, `<c><v>7</v></c>`}, []int{3, 4, 5}},
		"XlsxWriter":                {later, []string{`<c><f>A2+1</f><v>0</v></c>`, `<c t="str"><f>A2</f><v>x</v></c>`, `<c><v>7</v></c>`}, []int{3, 4}},
		"XlsxWriter, an array":      {later, []string{`<c><f t="array" ref="A3:A4">B3:B4</f><v>0</v></c>`, `<c><v>0</v></c>`, `<c><v>0</v></c>`}, []int{3, 4}},
		"XlsxWriter, nothing":       {later, []string{`<c><f>A2</f><v></v></c>`}, []int{3}},
		"PhpSpreadsheet":            {`<calcPr calcId="999999" calcMode="auto" calcCompleted="0" fullCalcOnLoad="1" forceFullCalc="1"/>`, []string{`<c t="str"><f>A2</f><v>0</v></c>`}, []int{3}},
		"POI":                       {`<calcPr fullCalcOnLoad="true"/>`, []string{`<c><f>A2+1</f><v>100000002</v></c>`}, []int{3}},
		"not calculated before":     {`<calcPr calcMode="manual" calcCompleted="false"/>`, []string{`<c><f>A2+1</f><v>100000002</v></c>`}, []int{3}},
		"empty texts, nothing else": {"", []string{`<c t="str"><f>B2</f><v></v></c>`, `<c t="str"><f>B3</f><v></v></c>`}, []int{3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := formulas(t, c.calc, c.cells...)
			_, _, err := read(list, storelist.Options{Name: "list.xlsx"})
			var bad *storelist.BadRows
			if !errors.As(err, &bad) || job.ExitStatus(err) != 2 {
				t.Fatalf("got %v", err)
			}
			var lines []int
			for _, r := range bad.First {
				lines = append(lines, r.Line)
				if want := fmt.Sprintf("=… (A%d)", r.Line); r.Value != want {
					t.Errorf("line %d shows %q, want %q", r.Line, r.Value, want)
				}
			}
			if !slices.Equal(lines, c.bad) {
				t.Errorf("bad rows are %v, want %v", lines, c.bad)
			}
			ids, stats, err := read(list, storelist.Options{Name: "list.xlsx", SetAside: func(storelist.Rejected) error { return nil }})
			if err != nil || stats.SetAside != int64(len(c.bad)) || ids[0] != "100000001" {
				t.Errorf("with bad rows set aside: %q, %+v, %v", ids, stats, err)
			}
		})
	}
}

func TestFormulasWithAResultAreRead(t *testing.T) {
	t.Parallel()
	const excel = `<calcPr calcId="191029" fullCalcOnLoad="0" calcCompleted="1" forceFullCalc="1"/>`
	for name, cells := range map[string][]string{
		"a number":                    {`<c><f>A2+1</f><v>2</v></c>`},
		"a text":                      {`<c t="str"><f>A2+1</f><v>2</v></c>`},
		"a shared string":             {`<c t="inlineStr"><f>A2+1</f><is><t>2</t></is></c>`},
		"drawn further than the list": {`<c t="str"><f>B3</f><v>2</v></c>`, `<c t="str"><f>B4</f><v></v></c>`, `<c t="str"><f>B5</f><v/></c>`},
		"an array":                    {`<c><f t="array" ref="A3:A4">B3:B4</f><v>2</v></c>`, `<c t="str"><v></v></c>`},
		"a table of one cell":         {`<c><f t="dataTable" ref="A3:A3"/><v>2</v></c>`, `<c/>`},
	} {
		for _, calc := range []string{"", excel} {
			if ids, _, err := read(formulas(t, calc, cells...), storelist.Options{}); err != nil || strings.Join(ids, " ") != "100000001 2" {
				t.Errorf("%s: got %q, %v", name, ids, err)
			}
		}
	}
}

// A first row that nobody calculated may be a store's: it is not taken for a header, nor passed over as a title.
func TestAFirstRowThatNobodyCalculatedIsNoHeader(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string]string{
		"one":          `<row><c><f>B1</f><v></v></c></row><row><c><v>100000002</v></c></row>`,
		"several":      `<row><c><f>B1</f></c></row><row><c><f>B2</f></c></row><row><c><v>100000002</v></c></row>`,
		"a text":       `<row><c t="str"><f>B1</f></c></row><row><c t="str"><v>A-100000002</v></c></row>`,
		"all":          `<row><c><f>B1</f><v/></c></row><row><c><f>B2</f><v/></c></row>`,
		"after titles": `<row><c t="inlineStr"><is><t>门店清单</t></is></c></row><row><c><f>B1</f></c></row><row><c><v>100000002</v></c></row>`,
	} {
		list := packed(t, map[string]string{"xl/worksheets/sheet1.xml": worksheet(rows)})
		if ids, _, err := read(list, storelist.Options{}); job.ExitStatus(err) != 2 || !strings.Contains(err.Error(), "whose result is not in the file") {
			t.Errorf("%s: got %q, %v", name, ids, err)
		}
	}
}

func TestAHeaderThatNobodyCalculatedIsNotKnown(t *testing.T) {
	t.Parallel()
	list := func(a, b string) string {
		return packed(t, map[string]string{"xl/worksheets/sheet1.xml": worksheet(`<row>` + a + b + `</row><row><c><v>1</v></c><c><v>2</v></c></row>`)})
	}
	const known, formula = `<c t="inlineStr"><is><t>门店编号</t></is></c>`, `<c><f>"门店ID"</f><v></v></c>`
	for name, in := range map[string]string{"beside one that is known": list(known, formula), "alone": list(`<c t="inlineStr"><is><t>名称</t></is></c>`, formula)} {
		if _, _, err := read(in, storelist.Options{}); job.ExitStatus(err) != 2 || !strings.Contains(err.Error(), "cell B1") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if ids, _, err := read(list(known, formula), storelist.Options{Column: "门店编号"}); err != nil || !slices.Equal(ids, []string{"1"}) {
		t.Errorf("where the column is named: %q, %v", ids, err)
	}
}
