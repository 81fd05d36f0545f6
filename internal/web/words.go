package web

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
)

var (
	languages = []catalogue.Lang{catalogue.English, catalogue.Chinese}
	matcher   = language.NewMatcher([]language.Tag{language.English, language.Chinese})
)

// accepted gives the language that a browser prefers (Accept-Language), English where it knows neither.
func accepted(header string) catalogue.Lang {
	if len(header) > 200 {
		header = header[:200]
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return catalogue.English
	}
	_, at, _ := matcher.Match(tags...)
	return languages[at]
}

// words gives what templates can call, in a language.
func (p *Dashboard) words(lang catalogue.Lang) template.FuncMap {
	say := func(key string) (string, error) {
		t, ok := vocabulary[key]
		if !ok {
			return "", fmt.Errorf("there is no word for %q", key)
		}
		return t.In(lang), nil
	}
	return template.FuncMap{
		"t": say,
		// of is for words that come from elsewhere, such as a state: one that is not known stands for itself.
		"of": func(v any) string {
			key := fmt.Sprint(v)
			if t, ok := vocabulary[key]; ok {
				return t.In(lang)
			}
			return catalogue.Term(key, lang)
		},
		"asset":   p.assetPath,
		"n":       count,
		"in":      func(t catalogue.Text) string { return t.In(lang) },
		"rate":    rateText,
		"why":     func(reason string) string { return catalogue.Sentence(reason, lang) },
		"reading": func(r *job.Reading) string { return catalogue.Reading(*r, lang) },
		"told":    func(message string) string { return catalogue.Message(message, lang) },
		"left": func(d time.Duration) string {
			return catalogue.Text{ZH: "预计还需 " + span(d, lang), EN: span(d, lang) + " left"}.In(lang)
		},
		"took": func(d time.Duration) string {
			return catalogue.Text{ZH: "用时 " + span(d, lang), EN: "took " + span(d, lang)}.In(lang)
		},
		"waits": func(d time.Duration) string {
			return catalogue.Text{ZH: "已等 " + span(d, lang), EN: "for " + span(d, lang)}.In(lang)
		},
		"stamp": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"add":   func(a, b float64) float64 { return a + b },
		"sub":   func(a, b int64) int64 { return a - b },
		"list":  func(all ...string) []string { return all },
		"pair":  func(a, b any) [2]any { return [2]any{a, b} },
	}
}

// count writes a number with commas between its thousands.
func count(v any) string {
	s := fmt.Sprint(v)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 && s[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// rateText writes a rate with as many digits as mean something.
func rateText(f float64) string {
	if f >= 100 {
		return count(int64(math.Round(f)))
	}
	return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64)
}

// span writes a duration for a person, in its two largest units.
func span(d time.Duration, lang catalogue.Lang) string {
	units := [][3]string{{"86400", " d", " 天"}, {"3600", " h", " 小时"}, {"60", " min", " 分"}, {"1", " s", " 秒"}}
	left := int64(d.Round(time.Second) / time.Second)
	var parts []string
	for _, u := range units {
		size, _ := strconv.ParseInt(u[0], 10, 64)
		n := left / size
		left %= size
		if n > 0 {
			unit := u[1]
			if lang == catalogue.Chinese {
				unit = u[2]
			}
			parts = append(parts, strconv.FormatInt(n, 10)+unit)
		}
		if len(parts) == 2 {
			break
		}
	}
	if len(parts) == 0 {
		return catalogue.Text{ZH: "不到 1 秒", EN: "< 1 s"}.In(lang)
	}
	return strings.Join(parts, " ")
}
