package xlsx

import (
	"bufio"
	"encoding/xml"
	"errors"
	"io"

	"github.com/storelink/storelink/internal/job"
)

// Bounds of what is read, in bytes once unpacked.
const (
	maxSmallPart = 64 << 20 // of parts that say what the workbook is
	maxPart      = 8 << 30  // of a sheet, and of the shared strings: three times what a full sheet of stores has
	maxDirectory = 8 << 20  // of the archive's directory: some eighty thousand parts
	maxToken     = 1 << 20  // of a tag, or of a text without one in it: a cell holds at most 32,767 characters
	maxDepth     = 64       // of elements in one another

	// A part that unpacks to more than this many times its size is a bomb, once it is larger than bombFrom. XML of the
	// most monotonous list packs to a hundredth; what is made to do harm, to a thousandth.
	bombRatio = 400
	bombFrom  = 4 << 20
)

var errTooMuch = errors.New("more than is allowed")

// boundedAt lets only so much be read until it is opened.
type boundedAt struct {
	r    io.ReaderAt
	left int64
	open bool
}

func (b *boundedAt) ReadAt(p []byte, at int64) (int, error) {
	if !b.open {
		if b.left < int64(len(p)) {
			return 0, errTooMuch
		}
		b.left -= int64(len(p))
	}
	return b.r.ReadAt(p, at)
}

// markup is a part's XML as a stream of elements and texts, checked to be whole.
type markup struct {
	file  io.ReadCloser
	guard *guard
	xml   *xml.Decoder
	depth int
}

// event is the start of an element, its end, or a text. It is valid until the next.
type event struct {
	start *xml.StartElement
	end   bool
	text  xml.CharData
	depth int // of the element that starts or ends, from 1; of the one that the text is in
}

// guard counts what a part unpacks to.
type guard struct {
	r      io.Reader
	packed int64
	most   int64
	read   int64 // of the part
	token  int64 // since the last token
}

func (g *guard) Read(p []byte) (int, error) {
	switch {
	case g.read > g.most, g.read > bombFrom && g.read/bombRatio > g.packed:
		return 0, badf("the spreadsheet unpacks to far more than its size (%d bytes and more): it may be made to do harm", g.read)
	case g.token > maxToken:
		return 0, badf("the spreadsheet has a text of more than %d bytes in one cell, which no spreadsheet program writes", maxToken)
	}
	n, err := g.r.Read(p)
	g.read += int64(n)
	g.token += int64(n)
	return n, err
}

// open opens a part; nil where there is none of that name.
func (w *Workbook) open(name string, most int64) (*markup, error) {
	f, ok := w.parts[name]
	if !ok {
		return nil, nil
	}
	if f.Flags&1 != 0 {
		return nil, badf("the spreadsheet is protected by a password: save it without one")
	}
	file, err := f.Open()
	if err != nil {
		return nil, damaged(err)
	}
	m := &markup{file: file, guard: &guard{r: file, packed: int64(f.CompressedSize64), most: most}}
	m.xml = xml.NewDecoder(bufio.NewReaderSize(m.guard, 32<<10))
	return m, nil
}

func (m *markup) close() { _ = m.file.Close() } // it was only read

// next gives the next event, and io.EOF once all elements are closed and the part has been read to its end, with its
// checksum.
func (m *markup) next() (event, error) {
	for {
		m.guard.token = 0
		token, err := m.xml.Token()
		if errors.Is(err, io.EOF) && m.depth == 0 {
			return event{}, io.EOF
		}
		if err != nil {
			return event{}, damaged(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if m.depth++; m.depth > maxDepth {
				return event{}, damaged(errors.New("its elements are nested too deeply"))
			}
			return event{start: &t, depth: m.depth}, nil
		case xml.EndElement:
			m.depth--
			return event{end: true, depth: m.depth + 1}, nil
		case xml.CharData:
			return event{text: t, depth: m.depth}, nil
		}
	}
}

// text gives the texts of the element that has just started, without those of elements in it, and reads it to its end.
func (m *markup) text() (string, error) {
	depth := m.depth
	var out []byte
	for {
		e, err := m.next()
		switch {
		case err != nil:
			return "", unexpected(err)
		case e.end && e.depth == depth:
			return string(out), nil
		case e.text != nil && e.depth == depth:
			if out = append(out, e.text...); len(out) > maxToken {
				return "", badf("the spreadsheet has a text of more than %d bytes in one cell, which no spreadsheet program writes",
					maxToken)
			}
		}
	}
}

// rich gives the text of an <si> or <is>, whose start has just come: its <t>, or those of its runs, without the
// phonetic ones (<rPh>).
func (m *markup) rich() (string, error) {
	depth, phonetic := m.depth, 0
	out := ""
	for {
		e, err := m.next()
		switch {
		case err != nil:
			return "", unexpected(err)
		case e.end && e.depth == depth:
			return unescape(out), nil
		case e.end && e.depth == phonetic:
			phonetic = 0
		case e.start == nil || phonetic > 0:
		case e.start.Name.Local == "rPh":
			phonetic = e.depth
		case e.start.Name.Local == "t":
			t, err := m.text()
			if err != nil {
				return "", err
			}
			if out += t; len(out) > maxToken {
				return "", badf("the spreadsheet has a text of more than %d bytes in one cell, which no spreadsheet program writes",
					maxToken)
			}
		}
	}
}

// skip reads the element that has just started to its end.
func (m *markup) skip() error {
	for depth := m.depth; ; {
		e, err := m.next()
		if err != nil {
			return unexpected(err)
		}
		if e.end && e.depth == depth {
			return nil
		}
	}
}

// unexpected is err where more had to come.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) && job.AsError(err).Code == job.CodeInternal {
		return damaged(io.ErrUnexpectedEOF)
	}
	return err
}

// attr gives an attribute by its local name.
func attr(e *xml.StartElement, name string) string {
	for i := range e.Attr {
		if e.Attr[i].Name.Local == name {
			return e.Attr[i].Value
		}
	}
	return ""
}
