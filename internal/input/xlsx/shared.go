package xlsx

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"sort"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/spool"
)

// shared are a workbook's shared strings: each once, in a part of its own. They are spooled in blocks, with the place of
// each in memory, since a list of a million stores may have ten million of them. What is spooled is bounded by what may be
// unpacked of the workbook.
type shared struct {
	part   string
	spool  *spool.Spool // nil until they are read
	places []place      // of every block
	count  int          // of strings
	last   int          // the block that was needed last
	given  int64        // bytes of strings that were given out

	blocks map[int][]string // read back, some of them
	cached int              // bytes of these
}

// place is where a block begins.
type place struct {
	first int   // string in it
	at    int64 // byte of the spool
}

// A block ends after so many strings or bytes: one string is read back with those that are with it. The last may be as
// long as a string can be.
const (
	blockStrings = 32
	blockBytes   = 64 << 10
)

// cachedBytes is how much of the blocks is kept at hand.
const cachedBytes = 8 << 20

// load reads all shared strings.
func (s *shared) load(w *Workbook) error {
	s.spool, s.blocks = &spool.Spool{}, map[int][]string{}
	m, err := w.open(s.part, "sst", maxPart)
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
		if n := len(s.places); n == 0 || s.count-s.places[n-1].first >= blockStrings || at-s.places[n-1].at >= blockBytes {
			s.places = append(s.places, place{first: s.count, at: at})
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

// get gives the string of a number, as a cell has it. All that it gives is bounded like what is unpacked: a million cells
// may have one long string.
func (s *shared) get(w *Workbook, number string) (string, error) {
	if s == nil {
		return "", damaged(i18n.E("sheet.no_strings"))
	}
	if s.spool == nil {
		if err := s.load(w); err != nil {
			return "", err
		}
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= s.count {
		return "", damaged(i18n.E("sheet.no_string", "string", shortened(number)))
	}
	b := s.last
	if n < s.places[b].first || b+1 < len(s.places) && n >= s.places[b+1].first {
		b = sort.Search(len(s.places), func(i int) bool { return s.places[i].first > n }) - 1
		s.last = b
	}
	block, err := s.block(b)
	if err != nil {
		return "", err
	}
	text := block[n-s.places[b].first]
	if s.given += int64(len(text)); s.given > w.budget {
		return "", tooLarge(s.given)
	}
	return text, nil
}

func (s *shared) block(b int) ([]string, error) {
	if texts, ok := s.blocks[b]; ok {
		return texts, nil
	}
	end := s.spool.Size()
	if b+1 < len(s.places) {
		end = s.places[b+1].at
	}
	packed := make([]byte, end-s.places[b].at)
	if _, err := s.spool.ReadAt(packed, s.places[b].at); err != nil {
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
	s.spool, s.count, s.places, s.blocks, s.last = nil, 0, nil, nil, 0
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
