package report

import (
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"

	"github.com/storelink/storelink/internal/job"
)

// Encoding is how a CSV report's text is written.
type Encoding string

// The encodings. Excel in China takes a CSV file without a byte-order mark for GB18030, which has every character of
// Unicode. Private ones, U+E000 to U+E864, that nobody but their inventor can read, become U+FFFD in it: x/text would write
// others for them.
const (
	UTF8    Encoding = "utf-8"
	UTF8BOM Encoding = "utf-8-bom"
	GB18030 Encoding = "gb18030"

	// Of lists that are given back as they came; nobody asks for these. They begin with a mark.
	UTF16LE Encoding = "utf-16le"
	UTF16BE Encoding = "utf-16be"
)

// ParseEncoding reads an encoding as a person types it; the empty string is UTF8.
func ParseEncoding(s string) (Encoding, error) {
	switch e := Encoding(s); e {
	case "":
		return UTF8, nil
	case UTF8, UTF8BOM, GB18030:
		return e, nil
	}
	return "", job.Fail(job.CodeUsage, "report.encoding", "value", s)
}

// Writer gives a writer of UTF-8 text that reaches w in the encoding. Close writes what is held back, and leaves w open.
func (e Encoding) Writer(w io.Writer) (io.WriteCloser, error) {
	switch e {
	case GB18030:
		known := runes.Map(func(r rune) rune {
			if r >= 0xe000 && r <= 0xe864 {
				return utf8.RuneError
			}
			return r
		})
		return transform.NewWriter(w, transform.Chain(known, simplifiedchinese.GB18030.NewEncoder())), nil
	case UTF16LE:
		return transform.NewWriter(w, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder()), nil
	case UTF16BE:
		return transform.NewWriter(w, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder()), nil
	case UTF8BOM:
		_, err := io.WriteString(w, "\ufeff")
		return open{w}, err
	}
	return open{w}, nil
}

// open is a writer that Close does nothing to.
type open struct{ io.Writer }

func (open) Close() error { return nil }
