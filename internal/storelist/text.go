package storelist

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/storelink/storelink/internal/job"
)

// maxLine is how long a line may be: what is longer is no list, and must not fill the memory.
const maxLine = 1 << 20

// text is a list's text: unpacked, without a byte-order mark, every line ended by \n. It is UTF-8 or, as that is told
// apart only where it matters, GB18030: in both, the bytes of commas, tabs, quotes, digits and line ends stand for
// nothing else.
type text struct {
	r    io.Reader
	name string
	line int   // being read, from 1
	long int   // bytes of it so far
	cr   bool  // the last byte was a \r that was given out as \n
	left int64 // bytes that may still come, where there is a bound
	most int64 // that bound; 0 for none
}

// newText looks at the first bytes and takes off what is around the text, of which there may be most bytes; 0 is no
// bound. marked says whether there was a byte-order mark.
func newText(r io.Reader, name string, most int64) (_ *bufio.Reader, marked bool, _ error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, readError(name, err)
	}
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return nil, false, readError(name, err)
		}
		in = bufio.NewReaderSize(unpacked, 64<<10)
		if head, err = in.Peek(4); err != nil && !errors.Is(err, io.EOF) {
			return nil, false, readError(name, err)
		}
		name = strings.TrimSuffix(name, ".gz")
	}
	var decoded io.Reader = in
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return nil, false, &archive{in: in, name: name}
	case bytes.HasPrefix(head, []byte{0xd0, 0xcf, 0x11, 0xe0}):
		return nil, false, compoundFile(in, name)
	case bytes.HasPrefix(head, []byte("%PDF")):
		return nil, false, listErrorf(name, 0, "this is a PDF, not a list: export the list as CSV")
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		marked = true
		_, _ = in.Discard(3) // it was peeked at
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		marked = true
		decoded = transform.NewReader(in, unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder())
	}
	return bufio.NewReaderSize(&text{r: decoded, name: name, line: 1, left: most, most: most}, 64<<10), marked, nil
}

// Read gives the text with its line ends made one.
func (t *text) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if t.left -= int64(n); t.most > 0 && t.left < 0 {
		return 0, listErrorf(t.name, t.line, "the list has more than %d bytes of text, which is the most allowed", t.most)
	}
	out := p[:0]
	for _, c := range p[:n] {
		if c == '\n' && t.cr { // the second half of \r\n
			t.cr = false
			continue
		}
		t.cr = c == '\r'
		switch c {
		case 0:
			return 0, listErrorf(t.name, t.line, "this is not text: it has a zero byte in it (a spreadsheet? save the list as CSV)")
		case '\r', '\n':
			c = '\n'
			t.line++
			t.long = -1
		}
		if t.long++; t.long > maxLine {
			return 0, listErrorf(t.name, t.line, "the line is longer than %d bytes: this is no list of stores", maxLine)
		}
		out = append(out, c)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = readError(t.name, err)
	}
	return len(out), err
}

// readError is that of a list that breaks off. Whoever gave the list may know better what happened.
func readError(name string, err error) error {
	if e := (*job.Error)(nil); errors.As(err, &e) {
		return e
	}
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return listErrorf(name, 0, "the compressed list is damaged: %w", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return listErrorf(name, 0, "the compressed list breaks off before its end: %w", err)
	}
	return listErrorf(name, 0, "the list cannot be read: %w", err)
}

// plain gives a cell's text without white space around it, in UTF-8.
func plain(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return strings.Trim(strings.TrimSpace(decode(s)), "\u3000\ufeff\u00a0\u200b \t")
		}
	}
	return strings.TrimSpace(s)
}

// decode gives UTF-8: what is none is GB18030, which Excel writes in China.
func decode(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	d, err := simplifiedchinese.GB18030.NewDecoder().String(s)
	if err != nil {
		return s
	}
	return d
}
