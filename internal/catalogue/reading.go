package catalogue

import (
	"fmt"
	"strings"

	"github.com/storelink/storelink/internal/job"
)

// Reading says how a list was read.
func Reading(r job.Reading, l Lang) string {
	if l == Chinese {
		return readingInChinese(r)
	}
	said := []string{r.Format}
	if r.Encoding != "" {
		said[0] += " in " + r.Encoding
	}
	line := "line"
	if r.Sheet != "" {
		line = "row"
		said = append(said, fmt.Sprintf("sheet %q", r.Sheet))
	}
	ids := "the store IDs"
	if r.IDs == "own" {
		ids = "the merchant's own numbers"
	}
	switch {
	case r.Format == "JSON lines" && r.Column.Name != "":
		said = append(said, fmt.Sprintf("%s under the key %q", ids, r.Column.Name))
	case r.HeaderLine == 0:
		said = append(said, "no header", fmt.Sprintf("%s in column %d", ids, r.Column.Number))
	default:
		said = append(said, fmt.Sprintf("header in %s %d", line, r.HeaderLine), fmt.Sprintf("%s in column %d, %q", ids, r.Column.Number, r.Column.Name))
	}
	rows := fmt.Sprintf("%s rows", grouped(r.Rows))
	if r.Rows == 1 {
		rows = "1 row"
	}
	switch {
	case r.Repeats == 1:
		rows += ", 1 repeat"
	case r.Repeats > 1:
		rows += ", " + grouped(r.Repeats) + " repeats"
	}
	return strings.Join(said, ", ") + "; " + rows + "; first " + strings.Join(r.First, ", ") + "; last " + r.Last
}

func readingInChinese(r job.Reading) string {
	said := []string{r.Format}
	if r.Encoding != "" {
		said[0] += "（" + r.Encoding + "）"
	}
	if r.Sheet != "" {
		said = append(said, "工作表“"+r.Sheet+"”")
	}
	ids := "门店ID"
	if r.IDs == "own" {
		ids = "商家自己的门店编号"
	}
	switch {
	case r.Format == "JSON lines" && r.Column.Name != "":
		said = append(said, ids+"取自键“"+r.Column.Name+"”")
	case r.HeaderLine == 0:
		said = append(said, "没有表头", fmt.Sprintf("%s在第 %d 列", ids, r.Column.Number))
	default:
		said = append(said, fmt.Sprintf("表头在第 %d 行", r.HeaderLine), fmt.Sprintf("%s在第 %d 列“%s”", ids, r.Column.Number, r.Column.Name))
	}
	rows := fmt.Sprintf("共 %s 行", grouped(r.Rows))
	if r.Repeats > 0 {
		rows += "，其中重复 " + grouped(r.Repeats) + " 行"
	}
	return strings.Join(said, "，") + "；" + rows + "；开头 " + strings.Join(r.First, "、") + "；末尾 " + r.Last
}

// grouped writes a number so that a person can read it: 1,234,567.
func grouped(n int64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
