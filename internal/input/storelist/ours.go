package storelist

import (
	"slices"

	"github.com/storelink/storelink/internal/input/xlsx"
)

// What a report of ours is known by, in English and in Chinese (internal/report, words.go): its first sheet's name, the name of
// the sheet of its stores, and how that begins.
var (
	summaryNames = []string{"Summary", "摘要"}
	storesNames  = []string{"Stores", "门店"}
	storesBegin  = [][2]string{{"store_id", "outcome"}, {"门店ID", "结果"}}
)

// reportSheet finds the sheet of the stores of a report of ours, which has a summary before it; false where these are the sheets
// of anything else, or where the stores are on several of them.
func reportSheet(w *xlsx.Workbook, sheets []xlsx.Sheet) (stores xlsx.Sheet, ok bool, err error) {
	if len(sheets) != 2 || !slices.Contains(summaryNames, sheets[0].Name) || !slices.Contains(storesNames, sheets[1].Name) {
		return stores, false, nil
	}
	rows, err := w.Rows(sheets[1])
	if err != nil {
		return stores, false, err
	}
	defer rows.Close()
	first, err := rows.Next()
	if err != nil {
		return stores, false, ignoreEOF(err)
	}
	var begin [2]string
	for _, c := range first.Cells {
		if c.Column <= len(begin) {
			if begin[c.Column-1], err = w.Text(c); err != nil {
				return stores, false, err
			}
		}
	}
	return sheets[1], slices.Contains(storesBegin, begin), nil
}
