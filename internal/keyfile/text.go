package keyfile

import (
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// block is a PEM block however its lines are broken, indented or joined; its dashes may be any number.
var block = regexp.MustCompile(`-+[ \t]*BEGIN[ \t]+([A-Z0-9][A-Z0-9 ]{0,40}?)[ \t]*-+((?s).*?)-+[ \t]*END[ \t]+([A-Z0-9][A-Z0-9 ]{0,40}?)[ \t]*-+`)

// minBare is how many bytes Base64 without its lines must hold to be looked at as a key: the smallest RSA public key of
// 2048 bits has 270.
const minBare = 128

// decode returns content as text: UTF-8, or UTF-16 with or without a byte-order mark; without what does not show.
func decode(content []byte) (string, bool) {
	var text string
	switch order := utf16Order(content); {
	case order != nil:
		units := make([]uint16, 0, len(content)/2)
		for i := 0; i+1 < len(content); i += 2 {
			units = append(units, order.Uint16(content[i:]))
		}
		text = string(utf16.Decode(units))
	case utf8.Valid(content):
		text = string(content)
	default:
		return "", false
	}
	if strings.ContainsRune(text, 0) {
		return "", false
	}
	return strings.Map(plain, text), true
}

// utf16Order is the byte order of text in UTF-16, nil where content is none: by its mark, or by the zero in every second
// byte, as all that stands in a key is ASCII.
func utf16Order(content []byte) binary.ByteOrder {
	if len(content) < 4 {
		return nil
	}
	switch {
	case content[0] == 0xff && content[1] == 0xfe:
		return binary.LittleEndian
	case content[0] == 0xfe && content[1] == 0xff:
		return binary.BigEndian
	}
	var even, odd int
	head := content[:min(len(content), 64)&^1]
	for i := 0; i < len(head); i += 2 {
		if head[i] == 0 {
			even++
		}
		if head[i+1] == 0 {
			odd++
		}
	}
	switch half := len(head) / 2; {
	case odd == half && even == 0:
		return binary.LittleEndian
	case even == half && odd == 0:
		return binary.BigEndian
	}
	return nil
}

// plain maps what word processors and web pages make of ASCII back to it, and drops what does not show.
func plain(r rune) rune {
	switch {
	case r == '\n' || r == '\r' || r == '\t':
		return r
	case unicode.Is(unicode.Pd, r) || r == '\u2212':
		return '-'
	case unicode.IsSpace(r):
		return ' '
	case unicode.Is(unicode.Cf, r) || unicode.IsControl(r):
		return -1
	}
	return r
}

// escapes are the ways in which JSON, .env files and consoles write what stands in a PEM text. No PEM text has a backslash
// of its own.
var escapes = strings.NewReplacer(`\r\n`, "\n", `\n`, "\n", `\r`, "\n", `\t`, " ", `\/`, "/", `\u002b`, "+", `\u002B`, "+",
	`\u002f`, "/", `\u002F`, "/", `\u003d`, "=", `\u003D`, "=", "\\\n", "\n", "\\\r\n", "\n")

func unescape(text string) string {
	for range 2 { // twice where it was quoted twice
		if !strings.Contains(text, `\`) {
			break
		}
		text = escapes.Replace(strings.ReplaceAll(text, `\\`, `\`))
	}
	return text
}

// base64Body decodes what stands between a block's lines, of which its headers are passed over.
func base64Body(body string) ([]byte, error) {
	if strings.Contains(body, ":") {
		var kept []string
		for _, line := range strings.FieldsFunc(body, func(r rune) bool { return r == '\n' || r == '\r' }) {
			if !strings.Contains(line, ":") {
				kept = append(kept, line)
			}
		}
		body = strings.Join(kept, "\n")
	}
	raw, ok := unbase64(body)
	if !ok {
		return nil, errNoBase64
	}
	return raw, nil
}

// unbase64 decodes Base64 that may be broken into lines, indented, quoted as in code or mail, and without its padding.
func unbase64(text string) ([]byte, bool) {
	packed := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune(`"'>,;`, r) {
			return -1
		}
		return r
	}, text)
	packed = strings.TrimRight(packed, "=")
	if packed == "" || len(packed)%4 == 1 {
		return nil, false
	}
	raw, err := base64.RawStdEncoding.DecodeString(packed)
	return raw, err == nil
}
