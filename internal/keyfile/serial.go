package keyfile

import (
	"strings"
	"unicode"
)

// maxSerial is how many hexadecimal digits a serial number has at most: 20 octets (RFC 5280, 4.1.2.2).
const maxSerial = 40

// Serial returns a certificate's serial number as WeChat Pay writes it, upper-case hexadecimal with the zeros that it was
// given with, however a console or a tool shows it: in any case, with colons or spaces between its octets, behind
// serial= or 0x. False where s is no serial number.
func Serial(s string) (string, bool) {
	s = strings.ToUpper(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Cf, r), r == ':', r == '：':
			return -1
		}
		return r
	}, s))
	for _, prefix := range []string{"SERIALNUMBER", "SERIAL", "=", "0X"} {
		s = strings.TrimPrefix(s, prefix)
	}
	for len(s) > maxSerial && s[0] == '0' {
		s = s[1:]
	}
	if s == "" || len(s) > maxSerial || strings.Trim(s, "0123456789ABCDEF") != "" {
		return "", false
	}
	return s, true
}

// SameSerial says whether two texts are one serial number: zeros at the beginning, case and separators do not count.
func SameSerial(a, b string) bool {
	x, ok := Serial(a)
	y, also := Serial(b)
	return ok && also && strings.TrimLeft(x, "0") == strings.TrimLeft(y, "0")
}
