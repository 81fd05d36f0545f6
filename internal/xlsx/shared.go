package xlsx

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/spool"
)

// shared are a workbook's shared strings: each once, in a part of its own. They are spooled, with the place of every
// 32nd in memory, since a list of a million stores may have ten million of them.
type shared struct {
	part   string
	spool  *spool.Spool // nil until they are read
	places []int64      // of every block
	count  int

	blocks map[int][]string // read back, some of them
	cached int              // bytes of these
}

// Of the shared strings that are kept at hand.
const (
	blockStrings = 32
	cachedBytes  = 8 << 20
)

// load reads all shared strings.
func (s *shared) load(w *Workbook) error {
	s.spool, s.blocks = &spool.Spool{}, map[int][]string{}
	m, err := w.open(s.part, maxPart)
	if m == nil || err != nil {
		return err
	}
	defer m.close()
	out := bufio.NewWriterSize(s.spool, 64<<10)
	at := int64(0)
	var size [binary.MaxVarintLen64]byte
	for {
		e, err := m.next()
		if errors.Is(err, io.EOF) {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		if e.start == nil || e.depth != 2 || e.start.Name.Local != "si" {
			continue
		}
		text, err := m.rich()
		if err != nil {
			return err
		}
		if s.count%blockStrings == 0 {
			s.places = append(s.places, at)
		}
		s.count++
		n := binary.PutUvarint(size[:], uint64(len(text)))
		_, _ = out.Write(size[:n]) // an error sticks to out
		if _, err := out.WriteString(text); err != nil {
			return err
		}
		at += int64(n + len(text))
	}
}

// get gives the string of a number, as a cell has it.
func (s *shared) get(w *Workbook, number string) (string, error) {
	if s == nil {
		return "", damaged(errors.New("it has no shared strings, and a cell needs one"))
	}
	if s.spool == nil {
		if err := s.load(w); err != nil {
			return "", err
		}
	}
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || n < 0 || n >= s.count {
		return "", damaged(errors.New("a cell needs shared string " + strconv.Quote(number) + ", and there is none"))
	}
	block, err := s.block(n / blockStrings)
	if err != nil {
		return "", err
	}
	return block[n%blockStrings], nil
}

func (s *shared) block(b int) ([]string, error) {
	if texts, ok := s.blocks[b]; ok {
		return texts, nil
	}
	end := s.spool.Size()
	if b+1 < len(s.places) {
		end = s.places[b+1]
	}
	packed := make([]byte, end-s.places[b])
	if _, err := s.spool.ReadAt(packed, s.places[b]); err != nil {
		return nil, err
	}
	if s.cached += len(packed); s.cached > cachedBytes {
		clear(s.blocks)
		s.cached = len(packed)
	}
	texts := make([]string, 0, blockStrings)
	for len(packed) > 0 {
		size, n := binary.Uvarint(packed)
		texts = append(texts, string(packed[n:n+int(size)]))
		packed = packed[n+int(size):]
	}
	s.blocks[b] = texts
	return texts, nil
}

func (s *shared) close() error {
	if s.spool == nil {
		return nil
	}
	err := s.spool.Close()
	s.spool, s.count, s.places, s.blocks = nil, 0, nil, nil
	return err
}

// unescape reads the escapes of characters that XML cannot hold: _x000D_ is a carriage return, and _x005F_ an underscore
// that begins no escape (ECMA-376-1, 22.9.2.19, ST_Xstring). Escapes of other characters stay, as in LibreOffice: nobody
// writes them, and a_x0041_b is a text of a program that does not escape.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); {
		if c, ok := escape(s[i:]); ok {
			out.WriteRune(c)
			i += len("_x0000_")
			continue
		}
		out.WriteByte(s[i])
		i++
	}
	return out.String()
}

func escape(s string) (rune, bool) {
	if len(s) < len("_x0000_") || s[0] != '_' || s[1] != 'x' || s[6] != '_' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil && (n < ' ' || n == '_' || n >= 0xfffe)
}
