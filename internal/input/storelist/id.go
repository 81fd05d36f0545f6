package storelist

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// storeID is what faults call a store's ID.
var storeID = i18n.M("list.store_id")

// Why words that could be IDs are none.
var (
	whyHeader = i18n.M("list.is_header")
	whyTotal  = i18n.M("list.is_total")
)

// totals are what stands before the sum of a table.
var totals = map[string]bool{"total": true, "totals": true, "subtotal": true, "sum": true, "count": true, "grandtotal": true, "合计": true, "总计": true,
	"小计": true, "共计": true, "合計": true, "總計": true, "小計": true, "共計": true}

// ID gives the store ID that a cell holds, or why it holds none. What stands around an ID and cannot be meant is taken off:
// white space, marks that cannot be seen, and what keeps a spreadsheet from taking it for a number ("=""000123""", '000123).
func ID(cell string) (id string, why i18n.Message) {
	if digits(cell) {
		return cell, why
	}
	id = unmasked(plain(cell))
	switch word := strings.ToLower(id); {
	case noValue[word]:
	case totals[word]:
		return id, whyTotal
	case columnName(id):
		return id, whyHeader
	}
	return id, Fault(storeID, id)
}

// good says whether a cell holds a store ID.
func good(cell string) bool {
	_, why := ID(cell)
	return why.IsZero()
}

// digits says whether a cell is an ID of digits alone, as nearly all are.
func digits(s string) bool {
	if len(s) == 0 || len(s) > job.MaxIDLength {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// unmasked takes off what web exports, people and our own reports put around or before an ID for the sake of spreadsheets: none
// of it can stand in an ID, so that nothing else can be meant.
func unmasked(s string) string {
	was := s
	for _, around := range [][2]string{{`="`, `"`}, {`"`, `"`}, {"'", "'"}, {"‘", "’"}, {"'", ""}, {"’", ""}, {"‘", ""}, {"＇", ""}, {"`", ""}} {
		if inner, ok := strings.CutPrefix(s, around[0]); ok {
			if inner, ok = strings.CutSuffix(inner, around[1]); ok && inner != "" {
				s = plain(inner)
				break
			}
		}
	}
	if job.ValidID(s) {
		return s
	}
	return was
}

// noValue are what databases and people write where there is no value.
var noValue = func() map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(`null (null) <null> [null] none (none) nil nan <na> na n/a #n/a n.a. n.a undefined (blank) blank empty \n
		无 無 暂无 暫無 没有 空 空白 (空) （空） (空白) （空白） 未填 未填写 未知 待定 / \ ／ — —— – ― －`) {
		all[w] = true
	}
	return all
}()

// Fault is why s can be no ID; the zero message where it can. what names it: a store ID, a brand ID.
func Fault(what i18n.Message, s string) i18n.Message {
	valid := job.ValidID(s)
	switch {
	case s == "":
		return i18n.M("list.missing", "what", what)
	case noValue[strings.ToLower(s)] || strings.Trim(s, "-_") == "":
		return i18n.M("list.no_value", "what", what)
	case strings.EqualFold(s, "true"), strings.EqualFold(s, "false"):
		return whyBool
	case isDate(s):
		return whyDate
	case valid:
		return i18n.Message{}
	case s[0] == '#' && errorValues[strings.ToUpper(s)]:
		return whyError
	}
	if n := severalIDs(s); n > 1 {
		return i18n.M("list.several_ids", "n", n)
	}
	return badID(what, s)
}

// errorValues are what spreadsheets show for a formula that failed.
var errorValues = map[string]bool{"#REF!": true, "#VALUE!": true, "#DIV/0!": true, "#NAME?": true, "#NUM!": true, "#NULL!": true,
	"#SPILL!": true, "#CALC!": true, "#GETTING_DATA": true}

// badID says why a text is no ID.
func badID(what i18n.Message, s string) i18n.Message {
	switch {
	case damaged(s):
		return i18n.M("list.damaged_number")
	case strings.HasPrefix(s, "'"):
		return i18n.M("list.apostrophe")
	case len(s) > job.MaxIDLength && validCharacters(s):
		return i18n.M("list.too_long", "n", len(s), "what", what, "most", job.MaxIDLength)
	case !utf8.ValidString(s):
		return i18n.M("list.not_text")
	}
	for _, c := range s {
		switch {
		case job.ValidID(string(c)):
		case c != ' ' && unseen(c):
			return i18n.M("list.unseen", "character", fmt.Sprintf("U+%04X", c))
		case c >= '０' && c <= 'ｚ':
			return i18n.M("list.full_width", "character", strconv.QuoteRune(c), "what", what)
		default:
			return i18n.M("list.bad_character", "character", strconv.QuoteRune(c), "what", what)
		}
	}
	return i18n.M("list.no_id", "what", what)
}

// unseen says whether a character leaves no mark: white space, controls, and those that only steer the others.
func unseen(c rune) bool {
	return unicode.IsSpace(c) || unicode.Is(unicode.Cf, c) || unicode.IsControl(c) || unicode.Is(unicode.Zs, c) ||
		c == '\u3164' || c == '\ufe0f' || c == '\u034f'
}

func validCharacters(s string) bool {
	for i := range len(s) {
		if !job.ValidID(s[i : i+1]) {
			return false
		}
	}
	return true
}

// severalIDs counts the IDs in a text that is several, with something between them.
func severalIDs(s string) int {
	if thousands(s) {
		return 0
	}
	parts := strings.FieldsFunc(s, func(c rune) bool {
		return strings.ContainsRune(",;/|+&、，；／｜\\\n", c) || unicode.IsSpace(c)
	})
	spaced := !strings.ContainsAny(s, ",;/|+&、，；／｜\\\n")
	for _, p := range parts {
		if p = unmasked(p); !job.ValidID(p) || !hasDigit(p) || spaced && len(p) < 5 {
			return 0
		}
	}
	return len(parts)
}

// thousands says whether s is a number in groups of three digits: 100,000,001.
func thousands(s string) bool {
	groups := strings.Split(s, ",")
	for i, g := range groups {
		if !digits(g) || i > 0 && len(g) != 3 || len(g) > 3 {
			return false
		}
	}
	return len(groups) > 1
}

// damaged says whether s is a number as spreadsheets write those that they have read as a quantity: 1.00000001E+08,
// 1E+08, 100000001.0, 100,000,001. None of these can be an ID.
func damaged(s string) bool {
	digits, marks := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' || c == '+' || c == ',':
			marks++
		case (c == 'e' || c == 'E') && i > 0 && i < len(s)-1:
		case c == '-' && i > 0 && (s[i-1] == 'e' || s[i-1] == 'E'):
		default:
			return false
		}
	}
	return digits > 0 && marks > 0
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

// storeLike says whether a text is an ID with a digit in it, or was meant to be one: a damaged one, one with a wrong character,
// or several. A day is none, nor is what has words in it.
func storeLike(s string) bool {
	if s = unmasked(s); s == "" || isDate(s) {
		return false
	}
	if job.ValidID(s) && hasDigit(s) || damaged(s) || severalIDs(s) > 1 || strings.HasPrefix(s, unsavedMark) {
		return true
	}
	digit := false
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9', c >= '０' && c <= '９':
			digit = true
		case c >= 0x80 && unicode.IsLetter(c), c == ' ', c == '#', c == ':', c == '/':
			return false
		}
	}
	return digit
}
