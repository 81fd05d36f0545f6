package xlsx

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// area is the cells that one formula fills: an array formula's, or a data table's. Only the first of them has the
// formula in it; the others look like cells that somebody has typed (ECMA-376-1, 18.3.1.40, f: ref).
type area struct{ left, right, bottom int }

// maxAreas bounds the areas that go on at one row: each cell is looked for in all of them.
const maxAreas = 1000

// fills notes which cells a formula fills, if they are more than one. Its cell is the first of them.
func (r *Rows) fills(f *xml.StartElement) error {
	if t := attr(f, "t"); t != "array" && t != "dataTable" {
		return nil
	}
	from, to, several := strings.Cut(attr(f, "ref"), ":")
	left, _ := letters(from)
	right, row := letters(to)
	bottom, err := strconv.Atoi(row)
	if !several || err != nil || left == 0 || right == 0 {
		return nil
	}
	if r.areas = append(r.areas, area{left: left, right: right, bottom: bottom}); len(r.areas) > maxAreas {
		return bad("sheet.many_areas", "most", maxAreas)
	}
	return nil
}

// filled says whether a cell of the row that is being read is one that a formula fills.
func (r *Rows) filled(column int) bool {
	for _, a := range r.areas {
		if a.left <= column && column <= a.right {
			return true
		}
	}
	return false
}
