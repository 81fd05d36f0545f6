package i18n

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// In is the message in a language. A code that is not in the table, or has other arguments there, as one of a newer version
// of storelink may, is shown by the English text that came with it.
func (m Message) In(lang Lang) string {
	if m.Code == "" {
		return plain(m.text, lang)
	}
	text, ok := lookup(m.Code)
	if !ok {
		return m.unknown()
	}
	said, whole := m.fill(text.In(lang), lang)
	if !whole && m.text != "" {
		return m.text
	}
	return said
}

// unknown is what is shown of a message whose code is not known.
func (m Message) unknown() string {
	if m.text != "" {
		return m.text
	}
	var b strings.Builder
	b.WriteString(m.Code)
	for _, a := range m.Args {
		fmt.Fprintf(&b, " %s=%s", a.Name, shown(a.Value, "", English))
	}
	return b.String()
}

// fill puts the arguments into a text; whole is false where one that it asks for is missing.
func (m Message) fill(text string, lang Lang) (said string, whole bool) {
	if !strings.ContainsAny(text, "{}") {
		return text, true
	}
	var b strings.Builder
	whole = true
	for _, p := range parse(text) {
		value := m.Arg(p.name)
		switch {
		case p.name == "":
			b.WriteString(p.text)
		case value == nil:
			whole = false
			b.WriteString("{" + p.name + "}")
		case len(p.choice) > 0:
			b.WriteString(p.choose(value))
		default:
			b.WriteString(shown(value, p.how, lang))
		}
	}
	return b.String(), whole
}

// part is a piece of a text: words, or the place of an argument.
type part struct {
	text   string
	name   string   // of the argument; "" for words
	how    string   // {name:how}
	choice []string // {name|one|other}
}

// parse takes a text apart. {name} is the place of an argument; {{ and }} are braces.
func parse(text string) (all []part) {
	var words strings.Builder
	flush := func() {
		if words.Len() > 0 {
			all = append(all, part{text: words.String()})
			words.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		doubled := i+1 < len(text) && text[i+1] == c
		end := strings.IndexByte(text[i:], '}')
		switch {
		case (c == '{' || c == '}') && doubled:
			words.WriteByte(c)
			i++
		case c == '{' && end > 0:
			flush()
			all = append(all, placeOf(text[i+1:i+end]))
			i += end
		default:
			words.WriteByte(c)
		}
	}
	flush()
	return all
}

func placeOf(inside string) part {
	name, choices, chosen := strings.Cut(inside, "|")
	if chosen {
		return part{name: name, choice: strings.Split(choices, "|")}
	}
	name, how, _ := strings.Cut(inside, ":")
	return part{name: name, how: how}
}

// choose is the first choice for one, else the last.
func (p part) choose(value any) string {
	if n, ok := value.(int64); ok && n == 1 {
		return p.choice[0]
	}
	return p.choice[len(p.choice)-1]
}

// The ways in which an argument is shown, behind its name and a colon; without one it is shown as it is.
const (
	grouped = "n"     // a number with its thousands apart: 1,234,567
	quoted  = "q"     // a text in quotes, so that its ends can be seen
	lines   = "lines" // a list, each on a line of its own below the sentence, indented by two spaces
	below   = "below" // a list, each on a line of its own below the sentence, not indented
	or      = "or"    // a list, its last two joined by "or"
	clauses = ";"     // a list, joined by semicolons
)

// cut is what ends a list of which some were left out. It is not put in quotes.
const cut = "…"

// shown is a value in a language.
func shown(value any, how string, lang Lang) string {
	switch v := value.(type) {
	case string:
		if how == quoted {
			return strconv.Quote(v)
		}
		return v
	case int64:
		if how == grouped {
			return Grouped(v)
		}
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Duration:
		return Span(v, lang)
	case time.Time:
		return v.Format("2006-01-02 15:04:05 -07:00")
	case Message:
		if how == quoted {
			return strconv.Quote(v.In(lang))
		}
		return v.In(lang)
	case []any:
		return joined(v, how, lang)
	}
	return fmt.Sprint(value)
}

func joined(values []any, how string, lang Lang) string {
	all := make([]string, len(values))
	for i, v := range values {
		if v == cut {
			all[i] = cut
		} else if how == below {
			all[i] = "\n" + shown(v, "", lang)
		} else if how == lines {
			all[i] = "\n  " + strings.ReplaceAll(shown(v, "", lang), "\n", "\n  ")
		} else {
			all[i] = shown(v, how, lang)
		}
	}
	between := map[Lang]string{Chinese: "、", English: ", "}[lang]
	switch {
	case how == lines || how == below:
		return strings.Join(all, "")
	case how == or && len(all) > 1:
		last := map[Lang]string{Chinese: " 或 ", English: " or "}[lang]
		return strings.Join(all[:len(all)-1], between) + last + all[len(all)-1]
	case how == clauses:
		between = map[Lang]string{Chinese: "；", English: "; "}[lang]
	}
	return strings.Join(all, between)
}

// Grouped writes a number so that a person can read it: 1,234,567.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Span writes a duration out, its empty units left away: "1h30m", "1 小时 30 分".
func Span(d time.Duration, lang Lang) string {
	if lang != Chinese {
		s := d.String()
		if strings.HasSuffix(s, "m0s") {
			s = strings.TrimSuffix(s, "0s")
		}
		if strings.HasSuffix(s, "h0m") {
			s = strings.TrimSuffix(s, "0m")
		}
		return s
	}
	if d < 0 {
		return "-" + Span(-d, lang)
	}
	switch {
	case d == 0:
		return "0 秒"
	case d < time.Millisecond:
		return strconv.FormatFloat(float64(d)/float64(time.Microsecond), 'f', -1, 64) + " 微秒"
	case d < time.Second:
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64) + " 毫秒"
	}
	var all []string
	if h := d / time.Hour; h > 0 {
		all = append(all, fmt.Sprintf("%d 小时", h))
	}
	if m := d % time.Hour / time.Minute; m > 0 {
		all = append(all, fmt.Sprintf("%d 分", m))
	}
	if s := d % time.Minute; s > 0 {
		all = append(all, strconv.FormatFloat(s.Seconds(), 'f', -1, 64)+" 秒")
	}
	return strings.Join(all, " ")
}

// Rough is a duration in its two largest units, to the second, as it is told of work that is under way.
func Rough(d time.Duration) Message {
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case d < 0:
		return M("system.span_seconds", "seconds", 0)
	case s < 1:
		return M("system.span_under")
	case s < 60:
		return M("system.span_seconds", "seconds", s)
	case s < 3600:
		return M("system.span_minutes", "minutes", s/60, "seconds", s%60)
	case s < 24*3600:
		return M("system.span_hours", "hours", s/3600, "minutes", s%3600/60)
	}
	return M("system.span_days", "days", s/86400, "hours", s%86400/3600)
}
