package storelist

import (
	"bytes"
	"strings"
)

// separator gives what parts the cells of a CSV text that begins with head: what stands beside a name that is known or that was
// asked for; else what most of the first lines have as often as one another. A list without any is of one column.
func separator(head []byte, opts Options) byte {
	lines := bytes.FieldsFunc(head, func(c rune) bool { return c == '\n' || c == '\r' })
	if len(lines) > maxHeld {
		lines = lines[:maxHeld]
	}
	name := Fold(opts.columnName())
	for _, line := range lines {
		for _, sep := range []byte("\t,;|") {
			if bytes.IndexByte(line, sep) >= 0 && hasName(line, sep, name) {
				return sep
			}
		}
	}
	if len(lines) > 64 {
		lines = lines[:64]
	}
	best, most := byte(','), 0
	for _, sep := range []byte("\t,;") {
		counts := map[int]int{}
		for _, line := range lines {
			if n := len(cellsOf(line, sep, false)); n > 1 {
				counts[n]++
			}
		}
		for _, n := range counts {
			if n > most && !(sep == '\t' && behindCells(lines)) {
				best, most = sep, n
			}
		}
	}
	return best
}

// hasName says whether a cell of a line is a name of the IDs' column.
func hasName(line []byte, sep byte, name string) bool {
	cells := cellsOf(line, sep, false)
	if bytes.IndexByte(line, '"') >= 0 { // the line may begin within a cell
		cells = append(cells, cellsOf(line, sep, true)...)
	}
	for _, cell := range cells {
		if len(cell) == 0 || len(cell) > 200 || cell[0] >= '0' && cell[0] <= '9' && name == "" {
			continue
		}
		text := plain(string(cell))
		if strings.ContainsAny(text, "\t,;|") {
			continue
		}
		if familyOf(strings.Trim(text, `"`)) != noFamily || name != "" && Fold(text) == name {
			return true
		}
	}
	return false
}

// cellsOf parts a line, but not within quotes; in says that it begins within some.
func cellsOf(line []byte, sep byte, in bool) (cells [][]byte) {
	begin := 0
	for i, c := range line {
		switch {
		case c == '"':
			in = !in
		case c == sep && !in:
			cells, begin = append(cells, line[begin:i]), i+1
		}
	}
	return append(cells, line[begin:])
}

// behindCells says whether the tabs of some lines all stand at the ends of cells that commas part, where people put them to keep a
// spreadsheet from taking the cells for numbers.
func behindCells(lines [][]byte) bool {
	commas := 0
	for _, line := range lines {
		commas += bytes.Count(line, []byte{','})
		for i, c := range line {
			if c == '\t' && i+1 < len(line) && line[i+1] != ',' && line[i+1] != '"' && line[i+1] != '\t' {
				return false
			}
		}
	}
	return commas > 0
}
