package schedule

import (
	"fmt"
	"strconv"
	"strings"
)

// spans are how far a step may reach in each of the five fields.
var spans = []struct {
	name string
	most int
}{{"minute", 59}, {"hour", 23}, {"day of month", 31}, {"month", 12}, {"day of week", 7}}

// longStep says of a step that is longer than its field that it does not mean what it says: */90 comes every hour.
func longStep(text string) (why string) {
	fields := strings.Fields(text)
	if len(fields) != len(spans) {
		return ""
	}
	for i, field := range fields {
		for part := range strings.SplitSeq(field, ",") {
			_, step, ok := strings.Cut(part, "/")
			if n, err := strconv.Atoi(step); ok && err == nil && n > spans[i].most {
				why = fmt.Sprintf("a step of %d is longer than the field of the %s, and comes as if it were not there", n, spans[i].name)
				if i == 0 {
					why += fmt.Sprintf(": write @every %dm", n)
				}
				return why
			}
		}
	}
	return ""
}

// weekdays are the names that a day of week may have.
var weekdays = map[string]int{"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}

// plainDays puts 0 for a 7 among the days of the week, which is Sunday in most crons. What it does not understand is left
// to the parser.
func plainDays(text string) string {
	fields := strings.Fields(text)
	if len(fields) != len(spans) {
		return text
	}
	days := strings.Split(fields[4], ",")
	for i, part := range days {
		days[i] = sunday(part)
	}
	fields[4] = strings.Join(days, ",")
	return strings.Join(fields, " ")
}

// sunday is a part of the days of the week without a 7.
func sunday(part string) string {
	days, step, stepped := strings.Cut(part, "/")
	from, to, ranged := strings.Cut(days, "-")
	first, ok1 := weekday(from)
	last, ok2 := weekday(to)
	by := 1
	if !ranged {
		if last, ok2 = first, ok1; stepped {
			return part
		}
	}
	if stepped {
		n, err := strconv.Atoi(step)
		if err != nil || n < 1 {
			return part
		}
		by = n
	}
	if !ok1 || !ok2 || first > last || last != 7 {
		return part
	}
	var all []string
	for d := first; d <= last; d += by {
		all = append(all, strconv.Itoa(d%7))
	}
	return strings.Join(all, ",")
}

func weekday(s string) (day int, ok bool) {
	if day, ok = weekdays[strings.ToLower(s)]; ok {
		return day, true
	}
	day, err := strconv.Atoi(s)
	return day, err == nil && 0 <= day && day <= 7
}
