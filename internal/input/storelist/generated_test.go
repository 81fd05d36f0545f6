package storelist_test

import (
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/storelink/storelink/internal/job"
)

// day is a cell that holds a date.
type day struct {
	Day string `json:"day"` // 2026-07-01
}

// generated is a table of cells (nil, string, int64, float64, bool or day) and what is in it.
type generated struct {
	rows   [][]any
	at     int          // the IDs' column, from 0
	ids    []string     // in order, each once
	reject map[int]bool // rows, from 0, that have no ID and something else
}

const idName = "门店ID"

// generate makes a table by a seed.
func generate(r *rand.Rand) generated {
	g := generated{reject: map[int]bool{}}
	width := 1 + r.IntN(4)
	g.at = r.IntN(width)
	header := make([]any, width)
	for c := range header {
		header[c] = []any{"名称", "城市 & 区", "备注<1>", "City"}[c]
	}
	header[g.at] = idName
	g.rows = append(g.rows, header)
	seen := map[string]bool{}
	for i := range 1 + r.IntN(20) {
		row := make([]any, width)
		if r.IntN(8) == 0 && i > 0 { // blank
			g.rows = append(g.rows, row)
			continue
		}
		for c := range row {
			row[c] = other(r)
		}
		id, good := idCell(r, i == 0)
		row[g.at] = id
		if text := fmt.Sprint(id); good && !seen[strings.TrimSpace(text)] {
			g.ids, seen[strings.TrimSpace(text)] = append(g.ids, strings.TrimSpace(text)), true
		} else if !good {
			g.reject[len(g.rows)] = true
		}
		g.rows = append(g.rows, row)
	}
	return g
}

// idCell makes a cell of the IDs' column, and says whether it holds an ID.
func idCell(r *rand.Rand, must bool) (any, bool) {
	n := 100_000_000 + r.Int64N(900_000_000)
	switch k := r.IntN(14); {
	case k < 4 || must:
		return n, true
	case k < 6:
		return strconv.FormatInt(n, 10), true
	case k == 6:
		return fmt.Sprintf("%09d", r.IntN(1000)), true
	case k == 7:
		return fmt.Sprintf("SH_%d", n), true
	case k == 8:
		return fmt.Sprintf("  %d\t", n), true
	case k == 9:
		return 100_000_000 + r.Int64N(4), true // a repeat, mostly
	case k == 10:
		return 123_456_789_012_345 + r.Int64N(1000), true
	case k == 11:
		return day{time.Date(2020, 1, 1+r.IntN(3000), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)}, false
	case k == 12:
		return r.IntN(2) == 0, false
	}
	return float64(r.IntN(1000)) + 0.5, false
}

// other makes a cell that is not of the IDs' column.
func other(r *rand.Rand) any {
	switch r.IntN(8) {
	case 0:
		return nil
	case 1:
		return r.Int64N(1e6)
	case 2:
		return day{"2026-07-01"}
	case 3:
		return "第一行\n第二行，“引号” & <标签>"
	case 4:
		return `a "b", c; d`
	case 5:
		return true
	}
	return fmt.Sprintf("第 %d 家", r.IntN(100))
}

// byExcelize writes a table as excelize does, row by row or as a stream.
func byExcelize(t *testing.T, r *rand.Rand, g generated) string {
	t.Helper()
	return book(t, func(f *excelize.File) {
		format := "yyyy-mm-dd"
		style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
		var stream *excelize.StreamWriter
		if err == nil && r.IntN(2) == 0 {
			stream, err = f.NewStreamWriter("Sheet1")
		}
		for i, row := range g.rows {
			cells := make([]any, len(row))
			for c, v := range row {
				if cells[c] = v; err == nil {
					if d, ok := v.(day); ok {
						at, _ := time.Parse(time.DateOnly, d.Day) // it was written so
						cells[c] = excelize.Cell{StyleID: style, Value: at}
						if stream == nil {
							cells[c] = at
							err = f.SetCellStyle("Sheet1", fmt.Sprintf("%c%d", 'A'+c, i+1), fmt.Sprintf("%c%d", 'A'+c, i+1), style)
						}
					}
				}
			}
			if err == nil && stream != nil {
				err = stream.SetRow(fmt.Sprintf("A%d", i+1), cells)
			} else if err == nil {
				err = f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &cells)
			}
		}
		if err == nil && stream != nil {
			err = stream.Flush()
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

// hand writes a table's markup as programs may, which few of them do.
type hand struct {
	*rand.Rand
	shared []string
}

const handStyles = `<numFmts count="1"><numFmt numFmtId="176" formatCode="G/通用格式"/></numFmts><fonts count="1"><font/></fonts><fills count="1"><fill><patternFill/></fill></fills>` +
	`<borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs><cellXfs count="6"><xf numFmtId="0"/>` +
	`<xf numFmtId="1"/><xf numFmtId="3"/><xf numFmtId="49"/><xf numFmtId="176"/><xf numFmtId="14"/></cellXfs>`

func byHand(t *testing.T, r *rand.Rand, g generated) string {
	t.Helper()
	h := &hand{Rand: r}
	rows := ""
	named, skipped := r.IntN(2) == 0, false
	for i, row := range g.rows {
		number := ""
		if named || skipped {
			number = fmt.Sprintf(` r="%d"`, i+1)
		}
		cells := h.cells(i, row, number != "")
		if skipped = cells == "" && r.IntN(2) == 0; skipped { // a blank row may be left out
			continue
		}
		rows += fmt.Sprintf(`<row%s%s>%s</row>`, number, h.one("", ` spans="1:4"`, ` hidden="1"`, ` ht="15" customHeight="1"`), cells)
	}
	parts := map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` + typed("xl/workbook.xml", "sheet.main") +
			typed("xl/worksheets/sheet1.xml", "worksheet") + typed("xl/styles.xml", "styles") + typed("xl/sharedStrings.xml", "sharedStrings") + `</Types>`,
		"xl/worksheets/sheet1.xml": worksheet(rows),
		"xl/styles.xml":            `<styleSheet ` + sheetNS + `>` + handStyles + `</styleSheet>`,
		"xl/sharedStrings.xml":     `<sst ` + sheetNS + `>` + strings.Join(h.shared, "") + `</sst>`,
		"xl/_rels/workbook.xml.rels": relations([3]string{"s", "worksheet", h.one("worksheets/sheet1.xml", "/xl/worksheets/sheet1.xml")},
			[3]string{"y", "styles", "styles.xml"}, [3]string{"t", "sharedStrings", "sharedStrings.xml"}),
	}
	return packed(t, parts)
}

func typed(part, kind string) string {
	return `<Override PartName="/` + part + `" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.` + kind + `+xml"/>`
}

func (h *hand) one(of ...string) string { return of[h.IntN(len(of))] }

func (h *hand) cells(i int, row []any, named bool) (out string) {
	skipped := false
	for c, v := range row {
		if v == nil {
			if skipped = skipped || named && h.IntN(2) == 0; !skipped {
				out += `<c s="1"/>`
			}
			continue
		}
		ref := ""
		if skipped || named && h.IntN(4) > 0 {
			ref = fmt.Sprintf(` r="%c%d"`, 'A'+c, i+1)
		}
		skipped = false
		out += h.cell(ref, v)
	}
	if strings.Trim(strings.ReplaceAll(out, `<c s="1"/>`, ""), " ") == "" && named {
		return ""
	}
	return out
}

func (h *hand) cell(ref string, v any) string {
	formula := h.one("", "", "", `<f>A1&amp;""</f>`)
	switch v := v.(type) {
	case int64:
		text := strconv.FormatInt(v, 10)
		if text = h.one(text, text, text+".0", strconv.FormatFloat(float64(v), 'E', -1, 64)); h.IntN(4) == 0 {
			text = "\n" + text + " "
		}
		return fmt.Sprintf(`<c%s%s%s>%s<v>%s</v></c>`, ref, h.one("", ` t="n"`), h.one("", ` s="0"`, ` s="1"`, ` s="2"`, ` s="3"`, ` s="4"`), formula, text)
	case float64:
		return fmt.Sprintf(`<c%s>%s<v>%v</v></c>`, ref, formula, v)
	case bool:
		return fmt.Sprintf(`<c%s t="b">%s<v>%d</v></c>`, ref, formula, map[bool]int{true: 1}[v])
	case day:
		at, _ := time.Parse(time.DateOnly, v.Day) // it was written so
		return fmt.Sprintf(`<c%s s="5">%s<v>%d</v></c>`, ref, formula, int(at.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours()/24))
	}
	text := v.(string)
	switch h.IntN(3) {
	case 0:
		return fmt.Sprintf(`<c%s t="inlineStr"><is>%s</is></c>`, ref, h.rich(text))
	case 1:
		return fmt.Sprintf(`<c%s t="str">%s<v>%s</v></c>`, ref, formula, escaped(text))
	}
	h.shared = append(h.shared, `<si>`+h.rich(text)+`</si>`)
	return fmt.Sprintf(`<c%s t="s"><v>%d</v></c>`, ref, len(h.shared)-1)
}

// rich writes a text whole or in runs, with phonetic signs.
func (h *hand) rich(text string) string {
	const space = ` xml:space="preserve"`
	runes := []rune(text)
	n := h.IntN(len(runes) + 1)
	a, b := escaped(string(runes[:n])), escaped(string(runes[n:]))
	switch h.IntN(3) {
	case 0:
		return `<t` + space + `>` + escaped(text) + `</t>`
	case 1:
		return `<r><t` + space + `>` + a + `</t></r><r><rPr><b/></rPr><t` + space + `>` + b + `</t></r>`
	}
	return `<r><t` + space + `>` + a + `</t></r><r><t` + space + `>` + b + `</t></r><rPh sb="0" eb="1"><t>111</t></rPh><phoneticPr fontId="0"/>`
}

func escaped(s string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(s)) // into memory
	return out.String()
}

// idsOf gives the IDs that another reader has found, below the header, each once; rows that are to be left out are.
func idsOf(rows [][]any, without map[int]bool) (ids []string) {
	at, seen := -1, map[string]bool{}
	for i, row := range rows {
		if at < 0 {
			for c, v := range row {
				if s, ok := v.(string); ok && s == idName {
					at = c
				}
			}
			continue
		}
		if at >= len(row) || without[i] {
			continue
		}
		id := ""
		switch v := row[at].(type) {
		case string:
			id = strings.TrimSpace(v)
		case float64:
			id = strconv.FormatFloat(v, 'f', -1, 64)
		}
		if job.ValidID(id) && !seen[id] {
			ids, seen[id] = append(ids, id), true
		}
	}
	return ids
}
