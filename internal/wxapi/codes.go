package wxapi

// Code is a code, with its finer number if it has one, whose meaning is known.
type Code struct {
	Code   string
	Number string // "" for the code as such
}

// Codes lists the codes of the table of what answers mean, each once, in its order.
func Codes() []Code {
	var out []Code
	known := map[Code]bool{}
	for _, r := range rules {
		c := Code{Code: r.code, Number: r.number}
		if r.code != "" && !known[c] {
			known[c] = true
			out = append(out, c)
		}
	}
	return out
}
