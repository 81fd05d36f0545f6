package xlsx

import (
	"errors"
	"io"
	"strconv"
	"strings"
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

// readStyles gives the number format of each cell style; none where there is no such part.
func (w *Workbook) readStyles(part string) ([]string, error) {
	m, err := w.open(part, maxSmallPart)
	if m == nil || err != nil {
		return nil, err
	}
	defer m.close()
	var out []string
	own := map[string]string{}
	list := ""
	for {
		e, err := m.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case e.start == nil:
		case e.depth == 2:
			list = e.start.Name.Local
		case e.depth == 3 && list == "numFmts" && e.start.Name.Local == "numFmt":
			own[attr(e.start, "numFmtId")] = unescape(attr(e.start, "formatCode"))
		case e.depth == 3 && list == "cellXfs" && e.start.Name.Local == "xf":
			out = append(out, attr(e.start, "numFmtId"))
		}
		if len(own) > maxStyles || len(out) > maxStyles {
			return nil, badf("this spreadsheet has more than %d styles: it may be made to do harm", maxStyles)
		}
		if e.end && e.depth == 1 { // formats stand before the styles, and are looked up once both are known
			for i, id := range out {
				out[i] = formatOf(id, own)
			}
		}
	}
}

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
