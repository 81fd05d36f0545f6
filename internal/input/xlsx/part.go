package xlsx

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// Bounds of what is read, in bytes once unpacked. None of them goes by what the archive's directory claims.
const (
	maxSmallPart = 64 << 20 // of parts that say what the workbook is
	maxPart      = 8 << 30  // of a sheet, and of the shared strings: three times what a full sheet of stores has
	maxDirectory = 8 << 20  // of the archive's directory: some eighty thousand parts
	maxToken     = 1 << 20  // of a tag, or of a text without one in it: a cell holds at most 32,767 characters

	// A part that unpacks to more than this many times its size is a bomb, once it is larger than bombFrom. XML of the
	// most monotonous list packs to a hundredth; what is made to do harm, to a thousandth. The same holds for all that is
	// read of a workbook, against the file's size: parts may lie over one another in it.
	bombRatio = 400
	bombFrom  = 4 << 20
)

var errTooMuch = errors.New("more than is allowed")

// file is the archive's bytes. It counts those that are read, and lets only so many be read until it is open.
type file struct {
	r     io.ReaderAt
	read  int64
	bound int64
	open  bool
}

func (f *file) ReadAt(p []byte, at int64) (int, error) {
	if !f.open && f.read+int64(len(p)) > f.bound {
		return 0, errTooMuch
	}
	n, err := f.r.ReadAt(p, at)
	f.read += int64(n)
	return n, err
}

// guard counts what a part unpacks to, against the bytes that it is really unpacked from.
type guard struct {
	w     *Workbook
	r     io.Reader
	begin int64 // what had been read of the file before
	most  int64
	read  int64 // of the part
	token int64 // since the last token
}

func (g *guard) Read(p []byte) (int, error) {
	if g.w.ctx.Err() != nil {
		return 0, stopped(g.w.ctx)
	}
	packed := g.w.file.read - g.begin
	switch {
	case g.read > g.most, g.read > bombFrom && g.read/bombRatio > packed, g.w.unpacked > g.w.budget:
		return 0, tooLarge(g.w.unpacked)
	case g.w.most > 0 && g.w.unpacked > g.w.most:
		return 0, bad("sheet.too_much_text", "bytes", g.w.most)
	case g.token > maxToken:
		return 0, tooLong()
	}
	n, err := g.r.Read(p)
	g.read += int64(n)
	g.token += int64(n)
	g.w.unpacked += int64(n)
	return n, err
}

func tooLarge(n int64) error {
	return bad("sheet.bomb", "bytes", n)
}

func tooLong() error {
	return bad("sheet.long_text", "bytes", maxToken)
}

// stopped is why a context ended.
func stopped(ctx context.Context) error {
	cause := context.Cause(ctx)
	if e := (*job.Error)(nil); errors.As(cause, &e) {
		return e
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return job.Fail(job.CodeTimeout, "sheet.time_over", "error", cause)
	}
	return job.Fail(job.CodeInterrupted, "sheet.interrupted", "error", cause)
}

// open opens a part; nil where there is none of that name. Its outermost element must be called root.
func (w *Workbook) open(name, root string, most int64) (*markup, error) {
	f := w.part(name)
	if f == nil {
		return nil, nil
	}
	if f.Flags&1 != 0 {
		return nil, bad("sheet.password")
	}
	begin := w.file.read
	opened, err := f.Open()
	if err != nil {
		return nil, damaged(err)
	}
	m := &markup{file: opened, root: root, guard: &guard{w: w, r: opened, begin: begin, most: most}}
	if m.xml, err = decoder(m.guard); err != nil {
		m.close()
		return nil, damaged(err)
	}
	return m, nil
}

// part finds a part by its name, as a reference has it; nil where there is none.
func (w *Workbook) part(name string) *zip.File {
	if f, ok := w.parts[name]; ok {
		return f
	}
	if plain, ok := unescapedPath(name); ok {
		return w.parts[plain]
	}
	return nil
}

// decoder reads XML in the encodings that parts come in: UTF-8 and UTF-16 (ECMA-376-2, 8.1.4), with a mark or without,
// and some that programs write although they may not.
func decoder(r io.Reader) (*xml.Decoder, error) {
	in := bufio.NewReaderSize(r, 32<<10)
	head, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var text io.Reader = in
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		_, _ = in.Discard(3) // it was peeked at
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		text = transform.NewReader(in, unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder())
	case bytes.HasPrefix(head, []byte("<\x00")):
		text = transform.NewReader(in, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder())
	case bytes.HasPrefix(head, []byte("\x00<")):
		text = transform.NewReader(in, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder())
	}
	d := xml.NewDecoder(text)
	d.CharsetReader = charset
	return d, nil
}

// charset reads what declares an encoding other than UTF-8. UTF-16 has been told by its bytes: what only declares it, as
// .NET does where it writes a text first, is UTF-8.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-16", "utf-16le", "utf-16be", "utf8", "us-ascii", "ascii":
		return in, nil
	case "gb2312", "gbk", "gb18030":
		return transform.NewReader(in, simplifiedchinese.GB18030.NewDecoder()), nil
	case "iso-8859-1":
		return transform.NewReader(in, charmap.ISO8859_1.NewDecoder()), nil
	case "windows-1252":
		return transform.NewReader(in, charmap.Windows1252.NewDecoder()), nil
	}
	return nil, i18n.E("sheet.encoding", "encoding", label)
}
