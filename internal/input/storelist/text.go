package storelist

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const (
	// maxLine is how long a line may be, and a row of several lines, in bytes: what is longer is no list, and must not fill
	// the memory.
	maxLine = 1 << 20
	// maxReturns is how many \r before a \n belong to one line end: files that went through a wrong conversion, or several,
	// have \r\r\n.
	maxReturns = 8
)

// text is a list's text, line by line: unpacked, without a byte-order mark and without line ends, which are \n, \r, \r\n and
// \r\r\n. It is UTF-8 or, as that is told apart only where it matters, GB18030: in both, the bytes of commas, tabs, quotes,
// digits and line ends stand for nothing else. What it gives does not depend on the pieces in which it comes.
type text struct {
	in     io.Reader
	name   string
	coded  string // "UTF-16LE" or "UTF-16BE" where that is what it came in
	marked bool   // it began with a byte-order mark

	buf  []byte
	r, w int   // what was read and not given out yet is buf[r:w]
	err  error // what comes behind it; it stays
	next int   // the number of the line that comes next, from 1

	most int64 // bytes that there may be; 0 for any number
	all  int64 // bytes that came

	keep bool   // the lines' bytes are kept, with their ends, until forget
	kept []byte // they
	end  int    // of kept: how many bytes the last line's end has

	utf8, gb int64 // lines with other characters than those of ASCII, in UTF-8 and not
}

var errZero = errors.New("a zero byte")

// newText looks at the first bytes and takes off what is around the text, of which there may be most bytes; 0 is no
// bound. An archive's error is an *archive.
func newText(r io.Reader, name string, most int64) (*text, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, readError(name, err)
	}
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		inner, err := unpack(in, name)
		if err != nil {
			return nil, err
		}
		in = bufio.NewReaderSize(&input{ctx: context.Background(), from: inner}, 64<<10)
		if head, err = in.Peek(4); err != nil && !errors.Is(err, io.EOF) {
			return nil, readError(name, err)
		}
		name = strings.TrimSuffix(name, ".gz")
	}
	t := &text{in: in, name: name, next: 1, most: most, buf: make([]byte, 64<<10)}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return nil, &archive{in: in, name: name}
	case bytes.HasPrefix(head, []byte{0xd0, 0xcf, 0x11, 0xe0}):
		return nil, compoundFile(in, name)
	case bytes.HasPrefix(head, []byte("----")) && isPEM(in):
		return nil, listError(name, 0, "list.pem")
	case bytes.HasPrefix(head, []byte("%PDF")):
		return nil, listError(name, 0, "list.pdf")
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		t.marked = true
		_, _ = in.Discard(3) // it was peeked at
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		t.marked, t.coded = true, utf16LE
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		t.marked, t.coded = true, utf16BE
	default:
		head, err := in.Peek(4 << 10)
		if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
			return nil, readError(name, err)
		}
		t.coded = unmarkedUTF16(head)
	}
	if t.coded != "" {
		endian := unicode.LittleEndian
		if t.coded == utf16BE {
			endian = unicode.BigEndian
		}
		t.in = transform.NewReader(in, unicode.UTF16(endian, unicode.UseBOM).NewDecoder())
	}
	return t, nil
}

// isPEM says whether a text is a key's file. One that was named by mistake would be shown, row by row, for its bad IDs.
func isPEM(in *bufio.Reader) bool {
	const begins = "-----BEGIN "
	head, _ := in.Peek(len(begins)) // an error stays, and shows again at the next read
	return string(head) == begins
}

// fill reads more behind what was not given out yet.
func (t *text) fill() {
	if t.r > 0 {
		t.w = copy(t.buf, t.buf[t.r:t.w])
		t.r = 0
	}
	if t.w == len(t.buf) {
		t.buf = append(t.buf, make([]byte, len(t.buf))...)
	}
	for range 100 {
		n, err := t.in.Read(t.buf[t.w:])
		if t.most > 0 && t.all+int64(n) > t.most {
			n = int(t.most - t.all)
			err = listError(t.name, 0, "list.too_much_text", "bytes", t.most)
		}
		if i := bytes.IndexByte(t.buf[t.w:t.w+n], 0); i >= 0 {
			n, err = i, errZero
		}
		t.all += int64(n)
		t.w += n
		t.err = err
		if n > 0 || err != nil {
			return
		}
	}
	t.err = io.ErrNoProgress
}

// head gives what the text begins with, or its first 64 KB; before the first line was read.
func (t *text) head() []byte {
	for t.w < len(t.buf) && t.err == nil {
		t.fill()
	}
	return t.buf[t.r:t.w]
}

// line gives the next line, valid until the next call, and its number. Its error, once there is one, stays: io.EOF after the
// last line, or one for a person.
func (t *text) line() ([]byte, int, error) {
	looked := 0 // bytes without a line end
	for {
		rest := t.buf[t.r+looked : t.w]
		end := bytes.IndexByte(rest, '\n')
		skip := 1
		if end >= 0 {
			rest = rest[:end]
		}
		if cr := bytes.IndexByte(rest, '\r'); cr >= 0 {
			var whole bool
			if skip, whole = t.returns(t.r + looked + cr); !whole {
				looked += cr
				t.fill()
				continue
			}
			end = cr
		}
		if end >= 0 {
			return t.give(looked+end, skip)
		}
		looked = t.w - t.r
		switch {
		case looked > maxLine:
			return t.give(looked, 0)
		case t.err == nil:
			t.fill()
		case errors.Is(t.err, io.EOF) && looked > 0:
			return t.give(looked, 0)
		default:
			return nil, t.next, t.fault()
		}
	}
}

// returns gives the length of the line end that begins with a \r at a place; whole is false where what is behind it has yet
// to be read.
func (t *text) returns(at int) (n int, whole bool) {
	for n < maxReturns {
		if at+n == t.w {
			if t.err == nil {
				return 0, false
			}
			return 1, true
		}
		switch t.buf[at+n] {
		case '\r':
			n++
		case '\n':
			return n + 1, true
		default:
			return 1, true
		}
	}
	return 1, true
}

func (t *text) give(length, end int) ([]byte, int, error) {
	if length > maxLine {
		t.err = listError(t.name, t.next, "list.long_line", "bytes", maxLine)
		t.r = t.w
		return nil, t.next, t.err
	}
	line, number := t.buf[t.r:t.r+length], t.next
	if t.keep {
		t.kept, t.end = append(t.kept, t.buf[t.r:t.r+length+end]...), end
	}
	t.r += length + end
	t.next++
	if !ascii(line) {
		if utf8.Valid(line) {
			t.utf8++
		} else {
			t.gb++
		}
	}
	return line, number, nil
}

// forget begins to keep lines anew.
func (t *text) forget() { t.kept, t.end = t.kept[:0], 0 }

// fault is the error that the text ends with, with its line where it has one.
func (t *text) fault() error {
	switch {
	case errors.Is(t.err, io.EOF):
		return io.EOF
	case errors.Is(t.err, errZero):
		t.err = listError(t.name, t.next, "list.zero_byte")
	default:
		t.err = readError(t.name, t.err)
	}
	return t.err
}

func ascii(s []byte) bool {
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// encoding names what the text is in, as far as it was read.
func (t *text) encoding() string {
	switch {
	case t.coded != "":
		return t.coded
	case t.gb > t.utf8:
		return "GB18030"
	}
	return "UTF-8"
}

// plain gives a cell's text in UTF-8, without white space and what cannot be seen around it.
func plain(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return strings.TrimFunc(decode(s), unseen)
		}
	}
	for len(s) > 0 && (s[0] <= ' ' || s[0] == 0x7f) {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] <= ' ' || s[len(s)-1] == 0x7f) {
		s = s[:len(s)-1]
	}
	return s
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
