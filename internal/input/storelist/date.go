package storelist

import (
	"strings"
	"unicode/utf8"
)

// isDate says whether a text is a date or a time, as spreadsheets write them when they save a list as CSV: 2026-07-01, 2026/7/1
// 12:30, 2026年7月1日, 7/1/2026, 2-Jan, Jan-26, 12:30:00. Two numbers with a hyphen between them are none.
func isDate(s string) bool {
	if len(s) < 4 || len(s) > 40 || !strings.ContainsAny(s, "-/.:年月") || !hasDigit(s) {
		return false
	}
	day, clock, both := strings.Cut(s, " ")
	if !both {
		if t := strings.IndexByte(s, 'T'); t > 5 {
			day, clock, both = s[:t], s[t+1:], true
		}
	}
	if !both {
		return isDay(s) || isClock(s)
	}
	return isDay(day) && isClock(strings.TrimSpace(clock))
}

// isClock says whether a text is a time of day.
func isClock(s string) bool {
	s = strings.TrimRight(strings.ToUpper(s), "APM Z")
	if zone := strings.LastIndexAny(s, "+-"); zone > 0 {
		s = s[:zone]
	}
	s, _, _ = strings.Cut(s, ".")
	parts := strings.Split(s, ":")
	for _, p := range parts {
		if n := number(p); len(p) > 2 || n < 0 || n > 59 {
			return false
		}
	}
	return len(parts) == 2 || len(parts) == 3
}

// isDay says whether a text is a day, or a day or a month as a spreadsheet abbreviates it.
func isDay(s string) bool {
	var places [3][2]int // where each part begins and ends
	n, begin, sep := 0, 0, rune(0)
	for i, c := range s + "\x00" {
		if c >= '0' && c <= '9' || c < 0x80 && isLetter(byte(c)) || c == 0 && begin == len(s) {
			continue
		}
		switch {
		case i == begin || n == len(places):
			return false
		case c == 0, c == '年', c == '月', c == '日':
		case c != '-' && c != '/' && c != '.', sep != 0 && c != sep:
			return false
		default:
			sep = c
		}
		places[n] = [2]int{begin, i}
		n, begin = n+1, i+utf8.RuneLen(c)
	}
	part := func(i int) string { return s[places[i][0]:places[i][1]] }
	switch n {
	case 2:
		return sep != 0 && isMonthName(part(0)) && (isYear(part(1)) || len(part(1)) <= 2 && number(part(1)) >= 0) ||
			sep != 0 && isMonthName(part(1)) && inMonth(part(0)) || sep == 0 && strings.HasSuffix(s, "日") && inYear(part(0)) && inMonth(part(1)) ||
			sep == 0 && strings.HasSuffix(s, "月") && isYear(part(0)) && inYear(part(1))
	case 3:
		a, b, c := part(0), part(1), part(2)
		short := sep == '/' && len(c) == 2 && number(c) >= 0
		switch {
		case isYear(a) && inYear(b) && inMonth(c):
			return true
		case isYear(c) || short:
			return inMonth(a) && inYear(b) || inYear(a) && inMonth(b) || inMonth(a) && isMonthName(b)
		case len(c) == 2 && number(c) >= 0:
			return inMonth(a) && isMonthName(b)
		}
	}
	return false
}

// number gives the value of a few digits; -1 where s is none.
func number(s string) int {
	if s == "" || len(s) > 4 {
		return -1
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = 10*n + int(s[i]-'0')
	}
	return n
}

func isYear(s string) bool  { n := number(s); return len(s) == 4 && n >= 1900 && n < 2100 }
func inYear(s string) bool  { n := number(s); return len(s) <= 2 && n >= 1 && n <= 12 }
func inMonth(s string) bool { n := number(s); return len(s) <= 2 && n >= 1 && n <= 31 }

func isMonthName(s string) bool {
	if len(s) < 3 {
		return false
	}
	for _, m := range []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
		"december"} {
		if strings.EqualFold(s, m) || strings.EqualFold(s, m[:3]) || m == "september" && strings.EqualFold(s, "sept") {
			return true
		}
	}
	return false
}
