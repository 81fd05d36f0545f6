package storelist

import (
	"strings"
	"unicode"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// sample gives the first ID below the header, as far as rows are held; "" for none.
func (s *search) sample(h *head) string {
	for _, r := range s.rows[min(h.first, len(s.rows)):] {
		if c := unmasked(r.cell(h.at)); job.ValidID(c) && hasDigit(c) {
			return c
		}
	}
	return ""
}

// above refuses a header above which a row stands that may be a store's: it must not be passed over. What may stand there are
// titles, comments, instructions, and figures that are no IDs.
func (s *search) above(h *head) error {
	like := s.sample(h)
	for _, r := range s.rows[:h.row] {
		if s.passable(r, h, like) {
			continue
		}
		return listError(s.opts.Name, r.line, "list.above_header", "header", s.rows[h.row].line, "cells", quoted(r.names))
	}
	return nil
}

// passable says whether a row above the header is no store's.
func (s *search) passable(r headRow, h *head, like string) bool {
	texts := r.filled()
	if strings.HasPrefix(r.text(), "#") {
		return true
	}
	said := labelled(texts)
	if at := r.lone(); at >= 0 {
		text := r.cell(at)
		switch {
		case columnName(text), familyOf(text) != noFamily, isDate(text):
			return true
		case !storeLike(text):
			return !job.ValidID(text) // a word could be one
		case !digits(text):
			return false
		case len(text) < len(like)-2, len(text) == 8 && len(like) != 8 && isDay(text[:4]+"-"+text[4:6]+"-"+text[6:]):
			return true // a count, a day
		case h.count == "" && len(text) < len(like) && text[0] != '0':
			h.count, h.countRow = text, r.line
			return true
		}
		return false
	}
	for _, text := range texts {
		if storeLike(text) && (len(text) == len(like) || like == "" && !said) {
			return false
		}
	}
	c := r.cell(h.at)
	return said || !storeLike(c) && (like != "" || !job.ValidID(c))
}

// labelled says whether one of several texts says what the others are: a total, a date, a telephone.
func labelled(texts []string) bool {
	for _, t := range texts {
		t = strings.ToLower(t)
		if containsAny(t, "总", "總", "合计", "合計", "共计", "共計", "小计", "计数", "数量", "數量", "日期", "时间", "時間", "电话", "電話", "制表", "製表", "版本", "编制", "更新", "导出",
			"填写", "填報", "填报", "说明", "說明", "备注", "联系") {
			return true
		}
		switch strings.TrimRight(t, ":： ") {
		case "total", "count", "sum", "date", "time", "version", "tel", "phone", "rows", "stores", "exported", "created", "updated", "generated":
			return true
		}
	}
	return false
}

// alone says whether the list is of one column: the first row that has an ID has nothing else, or the row above it, which names
// its column. Where no row has one, the first row decides.
func (s *search) alone() bool {
	k := s.firstStore(-1)
	if k == len(s.rows) {
		return s.rows[0].lone() >= 0
	}
	if s.rows[k].lone() >= 0 {
		for _, r := range s.rows[:k] {
			if r.lone() < 0 && !labelled(r.filled()) {
				return false
			}
		}
		return true
	}
	for _, r := range s.rows[:k] {
		if r.lone() < 0 {
			return false
		}
	}
	return k > 0 && storeLike(s.rows[k].cell(s.rows[k-1].lone()))
}

// firstStore finds the first row that has an ID in a column, or in any where at is -1; len(rows) for none.
func (s *search) firstStore(at int) int {
	for i, r := range s.rows {
		if at >= 0 && storeLike(r.cell(at)) {
			return i
		}
		if at < 0 && !labelled(r.filled()) && !strings.HasPrefix(r.text(), "#") {
			for _, text := range r.names {
				if storeLike(text) {
					return i
				}
			}
		}
	}
	return len(s.rows)
}

// nameLike says whether a text that no one knows can be a column's name: it is no ID, and has no digit.
func nameLike(text string) bool {
	return columnName(text) || !job.ValidID(text) && !strings.ContainsAny(text, "0123456789０１２３４５６７８９") && !strings.HasPrefix(text, "#")
}

// titleLike says whether a text can stand above a lone column: words, a comment, a day.
func titleLike(text string) bool {
	return nameLike(text) || strings.HasPrefix(text, "#") || isDate(text) ||
		!storeLike(text) && strings.ContainsFunc(text, func(c rune) bool { return c == ' ' || c >= 0x80 && unicode.IsLetter(c) })
}

// numbered is a list of several columns whose column was given by its number, and whose header is not known: it is the first
// row with a name there, above which only titles stand.
func (s *search) numbered(at int) head {
	k := s.firstStore(at)
	h := head{at: at, own: -1, row: -1, width: s.width(), ids: s.ids(noFamily)}
	header, titles := -1, true
	for i, r := range s.rows[:k] {
		text := r.cell(at)
		title := r.lone() >= 0 && titleLike(r.text())
		if titles = titles && title; titles {
			h.first = i + 1
		}
		switch {
		case text == "" || title:
		case columnName(text), header < 0 && (nameLike(text) || s.onlyWord(text, k, at)):
			header = i
		case header < 0:
			return h
		}
	}
	if header < 0 {
		return h
	}
	return s.header(header, at)
}

// onlyWord says whether a text of letters alone, which could be an ID, is the only such among IDs of digits.
func (s *search) onlyWord(text string, k, at int) bool {
	return job.ValidID(text) && !hasDigit(text) && k < len(s.rows) && digits(s.rows[k].cell(at))
}

// unnamed is a list without a known header: of one column, or one that is refused.
func (s *search) unnamed() (h head, more bool, err error) {
	k := s.firstStore(-1)
	if alone := s.alone(); !s.enough() && (!alone || k == len(s.rows)) {
		return h, true, nil
	} else if !alone {
		return h, false, s.unknown(s.likeliest())
	}
	at := s.rows[0].lone()
	if k < len(s.rows) && s.rows[k].lone() >= 0 {
		at = s.rows[k].lone()
	} else if k > 0 && k < len(s.rows) {
		at = s.rows[k-1].lone()
	}
	header, first := -1, 0
	for i, r := range s.rows[:k] {
		text := strings.Join(r.filled(), " ")
		if columnName(text) {
			header = i
		}
	}
	if header < 0 && k == len(s.rows) && nameLike(s.rows[0].cell(at)) {
		header = 0
	}
	for header < 0 && first < k && k < len(s.rows) && (titleLike(strings.Join(s.rows[first].filled(), " ")) || s.rows[first].lone() < 0) {
		first++
	}
	if header < 0 && k < len(s.rows) {
		switch {
		case first > 0 && first == k && nameLike(s.rows[k-1].cell(at)):
			header = k - 1
		case first == k-1 && s.onlyWord(s.rows[first].cell(at), k, at):
			header = first
		}
	}
	if header < 0 {
		h = head{at: at, own: -1, row: -1, first: first, lone: true, width: at + 1, ids: s.ids(noFamily)}
	} else {
		h = s.header(header, at)
		h.lone = true
		if err := s.above(&h); err != nil {
			return h, false, err
		}
	}
	if header >= 0 && !columnName(h.name) && job.ValidID(h.name) {
		h.warnings = append(h.warnings, i18n.M("list.name_like_id", "line", s.rows[header].line, "name", h.name))
	}
	return h, false, nil
}

// likeliest gives the row that is most likely the header of a list of several columns: the last of those above the first
// store's that has several cells, or the first of all.
func (s *search) likeliest() headRow {
	k := s.firstStore(-1)
	for i := min(k, len(s.rows)) - 1; i >= 0 && k < len(s.rows); i-- {
		if s.rows[i].lone() < 0 {
			return s.rows[i]
		}
	}
	if k == len(s.rows) {
		return s.widest()
	}
	return s.rows[k]
}
