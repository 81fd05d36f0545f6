package terminal

import "strings"

// Bar draws a share as a bar of exactly so many columns, [=====>    ]: with the characters that take one column on every
// terminal, as the blocks do not on Chinese ones. It is full only where all is done.
func Bar(done, total int64, columns int) string {
	room := columns - 2
	if room < 1 {
		return strings.Repeat(" ", max(0, columns))
	}
	full := 0
	switch {
	case total > 0 && done >= total:
		return "[" + strings.Repeat("=", room) + "]"
	case total > 0 && done > 0:
		full = int(float64(done) / float64(total) * float64(room))
	}
	full = min(max(0, full), room-1)
	head := ">"
	if done <= 0 {
		head = " "
	}
	return "[" + strings.Repeat("=", full) + head + strings.Repeat(" ", room-full-1) + "]"
}
