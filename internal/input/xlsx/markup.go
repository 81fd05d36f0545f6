package xlsx

import (
	"encoding/xml"
	"errors"
	"io"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// maxDepth bounds the elements in one another: those of a sheet have a depth of ten or so.
const maxDepth = 64

// markup is a part's XML as a stream of elements and texts, checked to be whole.
type markup struct {
	file  io.ReadCloser
	guard *guard
	xml   *xml.Decoder
	root  string // what the outermost element must be called; empty for anything
	depth int
	over  bool             // the outermost element has ended
	start xml.StartElement // that the last event is of
}

// event is the start of an element, its end, or a text. It is valid until the next.
type event struct {
	start *xml.StartElement
	end   bool
	text  xml.CharData
	depth int // of the element that starts or ends, from 1; of the one that the text is in
}

func (m *markup) close() { _ = m.file.Close() } // it was only read

// next gives the next event, and io.EOF once all elements are closed and the part has been read to its end, with its
// checksum.
func (m *markup) next() (event, error) {
	for {
		m.guard.token = 0
		token, err := m.xml.Token()
		if errors.Is(err, io.EOF) && m.depth == 0 {
			if !m.over {
				return event{}, damaged(io.ErrUnexpectedEOF)
			}
			return event{}, io.EOF
		}
		if err != nil {
			return event{}, damaged(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			m.start = t
			if err := m.begun(&m.start); err != nil {
				return event{}, err
			}
			return event{start: &m.start, depth: m.depth}, nil
		case xml.EndElement:
			m.depth--
			m.over = m.depth == 0
			return event{end: true, depth: m.depth + 1}, nil
		case xml.CharData:
			return event{text: t, depth: m.depth}, nil
		}
	}
}

// begun looks at an element that starts.
func (m *markup) begun(e *xml.StartElement) error {
	m.depth++
	switch {
	case m.depth > maxDepth:
		return damaged(i18n.E("sheet.too_deep"))
	case m.depth == 1 && m.over:
		return damaged(i18n.E("sheet.after_end"))
	case m.depth == 1 && m.root != "" && e.Name.Local != m.root:
		return damaged(i18n.E("sheet.other_part", "is", shortened(e.Name.Local), "wanted", m.root))
	}
	return nil
}

// shortened is a name from a file, as an error shows it.
func shortened(s string) string {
	const most = 40
	for i := range s {
		if i >= most {
			return s[:i] + "…"
		}
	}
	return s
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
				return "", tooLong()
			}
		}
	}
}

// rich gives the text of an <si> or <is>, whose start has just come: its <t>, or those of its runs, without the
// phonetic ones (<rPh>).
func (m *markup) rich() (string, error) {
	depth, phonetic := m.depth, 0
	var out []byte
	for {
		e, err := m.next()
		switch {
		case err != nil:
			return "", unexpected(err)
		case e.end && e.depth == depth:
			return unescape(string(out)), nil
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
			if out = append(out, t...); len(out) > maxToken {
				return "", tooLong()
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

// attr gives an attribute that is in no namespace; "" where there is none.
func attr(e *xml.StartElement, name string) string {
	for i := range e.Attr {
		if e.Attr[i].Name.Local == name && e.Attr[i].Name.Space == "" {
			return e.Attr[i].Value
		}
	}
	return ""
}

// relationID gives the attribute that names a relation: it is called id, in the namespace of relationships.
func relationID(e *xml.StartElement) string {
	for i := range e.Attr {
		if e.Attr[i].Name.Local == "id" && e.Attr[i].Name.Space != "" {
			return e.Attr[i].Value
		}
	}
	return attr(e, "id")
}
