package xlsx

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
)

// builtin are the number formats that every workbook has without saying so (ECMA-376-1, 18.8.30, numFmt). Those of the
// East Asian languages, 27 to 36 and 50 to 58, are dates in all of them.
var builtin = map[string]string{
	"0": "General", "1": "0", "2": "0.00", "3": "#,##0", "4": "#,##0.00", "9": "0%", "10": "0.00%", "11": "0.00E+00",
	"12": "# ?/?", "13": "# ??/??", "14": "yyyy-mm-dd", "15": "d-mmm-yy", "16": "d-mmm", "17": "mmm-yy", "18": "h:mm AM/PM",
	"19": "h:mm:ss AM/PM", "20": "h:mm", "21": "h:mm:ss", "22": "yyyy-mm-dd h:mm", "37": "#,##0 ;(#,##0)",
	"38": "#,##0 ;[Red](#,##0)", "39": "#,##0.00;(#,##0.00)", "40": "#,##0.00;[Red](#,##0.00)", "45": "mm:ss",
	"46": "[h]:mm:ss", "47": "mm:ss.0", "48": "##0.0E+0", "49": "@",
}

// maxStyles bounds a workbook's cell styles, of which a spreadsheet program allows 65,490.
const maxStyles = 100_000

// maxFormat is how long a number format is, in characters: Excel takes no more, and no more is looked at.
const maxFormat = 255

// style is what a cell's style says of a number. It is judged once, however many cells have it.
type style struct {
	format string // at most maxFormat characters
	date   bool
}

// readStyles gives the number format of each cell style; none where there is no such part.
func (w *Workbook) readStyles(part string) ([]style, error) {
	m, err := w.open(part, "styleSheet", maxSmallPart)
	if m == nil || err != nil {
		return nil, err
	}
	defer m.close()
	var ids []string
	own := map[string]string{}
	list := ""
	for {
		e, err := m.next()
		if errors.Is(err, io.EOF) { // formats may stand behind the styles that have them
			return judged(ids, own), nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case e.start == nil:
		case e.depth == 2:
			list = e.start.Name.Local
		case e.depth == 3 && list == "numFmts" && e.start.Name.Local == "numFmt":
			own[number(attr(e.start, "numFmtId"))] = format(attr(e.start, "formatCode"))
		case e.depth == 3 && list == "cellXfs" && e.start.Name.Local == "xf":
			ids = append(ids, number(attr(e.start, "numFmtId")))
		}
		if len(own) > maxStyles || len(ids) > maxStyles {
			return nil, bad("sheet.many_styles", "most", maxStyles)
		}
	}
}

// style gives a number's style. One that is not in the part that the workbook names for them is damage: it may be that of
// a date.
func (w *Workbook) style(at string) (style, error) {
	i, err := strconv.Atoi(at)
	switch {
	case at == "", !w.styled:
		return style{format: "General"}, nil
	case err == nil && i >= 0 && i < len(w.styles):
		return w.styles[i], nil
	case i == 0 && err == nil:
		return style{format: "General"}, nil
	}
	return style{}, damaged(i18n.E("sheet.no_style", "style", shortened(at)))
}

// judged gives the styles of number formats, each of which is looked at once.
func judged(ids []string, own map[string]string) []style {
	known := map[string]style{}
	out := make([]style, len(ids))
	for i, id := range ids {
		s, ok := known[id]
		if !ok {
			s.format = formatOf(id, own)
			s.date = isDate(s.format)
			known[id] = s
		}
		out[i] = s
	}
	return out
}

// number is a format's number, of which none is long.
func number(id string) string { return strings.Clone(id[:min(len(id), 10)]) }

// format is a number format as a workbook has it, cut to what is looked at, with General by that name.
func format(code string) string {
	runes := 0
	for i := range code {
		if runes++; runes > maxFormat {
			code = code[:i]
			break
		}
	}
	return localGeneral.Replace(unescape(strings.Clone(code)))
}

// localGeneral are names of the format General in languages, as they get into files that should have it in English: WPS
// and what makes workbooks by a template of its words.
var localGeneral = strings.NewReplacer("G/通用格式", "General", "G/標準", "General", "G/표준", "General", "G/General", "General",
	"通用格式", "General", "Standard", "General", "Standaard", "General", "Estándar", "General", "Основной", "General")

func formatOf(id string, own map[string]string) string {
	if code, ok := own[id]; ok {
		return code
	}
	if code, ok := builtin[id]; ok {
		return code
	}
	if n, err := strconv.Atoi(id); err == nil && (n >= 27 && n <= 36 || n >= 50 && n <= 58) {
		return "yyyy-mm-dd"
	}
	return "General"
}

// isDate says whether a number format shows a number as a date or a time: it has a letter of one outside of quotes,
// escapes and brackets, or counts hours, minutes or seconds in brackets.
func isDate(format string) bool {
	if len(format) >= 7 && strings.EqualFold(format[:7], "General") {
		return false
	}
	for i := 0; i < len(format); i++ {
		switch c := format[i] | 0x20; {
		case format[i] == '"':
			end := strings.IndexByte(format[i+1:], '"')
			if end < 0 {
				return false
			}
			i += end + 1
		case format[i] == '\\' || format[i] == '_' || format[i] == '*':
			i++
		case format[i] == '[':
			end := strings.IndexByte(format[i:], ']')
			if end < 0 {
				return false
			}
			if in := strings.ToLower(format[i+1 : i+end]); in != "" && strings.Trim(in, in[:1]) == "" &&
				strings.ContainsAny(in[:1], "hms") {
				return true
			}
			i += end
		case c == 'y' || c == 'm' || c == 'd' || c == 'h' || c == 's':
			return true
		case format[i] == ';': // only what shows positive numbers counts
			return false
		}
	}
	return false
}
