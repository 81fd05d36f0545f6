package storelist

import (
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// Which IDs a list has.
const (
	WeChatIDs = "wechat" // WeChat Pay's own
	OwnIDs    = "own"    // the merchant's own numbers
)

// ParseIDs checks what Options.IDs is to be: WeChatIDs, OwnIDs, or empty to go by the header.
func ParseIDs(s string) (string, bool) { return s, s == "" || s == WeChatIDs || s == OwnIDs }

// Reading is how a list was read.
type Reading = job.Reading

// ReadColumn is a list's column.
type ReadColumn = job.ReadColumn

// shownIDs is how many of the first IDs a Reading shows.
const shownIDs = 3

// Reading returns how the list was read: whole once IDs has come to its end, before that as far as it is known.
func (rd *Reader) Reading() Reading {
	r := rd.reading
	r.Rows, r.Repeats, r.Last = rd.stats.Rows, rd.stats.Repeats, rd.last
	if rd.text != nil {
		r.Encoding = rd.text.encoding()
	}
	return r
}

// Own returns the merchant's own number that stands beside the ID which IDs gave last; "" where the list has no such column.
func (rd *Reader) Own() string { return rd.own }

// OwnColumn returns the column of the merchant's own numbers that stands beside that of the IDs, if there is one.
func (rd *Reader) OwnColumn() (ReadColumn, bool) {
	if rd.head.own < 0 {
		return ReadColumn{}, false
	}
	return ReadColumn{Number: rd.head.own + 1, Name: rd.head.ownName}, true
}

// Warnings returns what a person ought to know of a list that was read to its end and is not refused.
func (rd *Reader) Warnings() []i18n.Message { return rd.warnings }

// read notes an ID that is given out.
func (rd *Reader) read(id string) {
	if len(rd.reading.First) < shownIDs {
		rd.reading.First = append(rd.reading.First, strings.Clone(id))
	}
	rd.last = id
}
