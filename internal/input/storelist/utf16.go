package storelist

import (
	"unicode"
	"unicode/utf16"
)

const (
	utf16LE = "UTF-16LE"
	utf16BE = "UTF-16BE"
)

// unmarkedUTF16 says whether a text without a byte-order mark is UTF-16, by what it begins with, and in which order; "" where
// it is neither. It is so only where it has zero bytes, which no other text has, and where what it then says is text with
// line ends or characters of ASCII in it.
func unmarkedUTF16(head []byte) string {
	little, big := asUTF16(head, 0, 1), asUTF16(head, 1, 0)
	switch {
	case little > big:
		return utf16LE
	case big > little:
		return utf16BE
	}
	return ""
}

// asUTF16 gives how many characters of ASCII there are in bytes as UTF-16, where the place of the low byte of a pair is low;
// 0 where some of it is no text.
func asUTF16(head []byte, low, high int) (count int) {
	units := make([]uint16, len(head)/2)
	for i := range units {
		units[i] = uint16(head[2*i+high])<<8 | uint16(head[2*i+low])
	}
	if n := len(units); n > 0 && utf16.IsSurrogate(rune(units[n-1])) {
		units = units[:n-1] // it may be half of a character
	}
	text := utf16.Decode(units)
	for _, c := range text {
		switch {
		case c == '\t' || c == '\n' || c == '\r' || c >= ' ' && c < 0x7f:
			count++
		case c == unicode.ReplacementChar, !unicode.IsGraphic(c) && !unicode.Is(unicode.Cf, c):
			return 0
		}
	}
	if count < 3 || count < len(text)/8 { // zero bytes that are damage
		return 0
	}
	return count
}
