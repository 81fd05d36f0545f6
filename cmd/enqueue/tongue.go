package main

import (
	"fmt"
	"time"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/terminal"
)

// tongue is the language that a person is told in. Sentences of this command are found by what they are in English, which is
// what they stay where there is no other (chinese.go); errors, warnings and reasons, which are made elsewhere, by their form
// (catalogue.Sentence). Logs and JSON are in English whatever the tongue: programs read them.
type tongue catalogue.Lang

// tongue is that of what goes to an output: the one that was asked for, or else the environment's where a person looks at
// it. What a program reads does not change with LANG.
func (a *app) tongue(s terminal.Screen) tongue {
	lang, _ := catalogue.Asked(a.lang, a.environ) // told before any command began
	if lang == "" && s.Terminal {
		lang = a.language()
	}
	return tongue(lang)
}

// say puts a sentence, as a format in English, into the tongue.
func (t tongue) say(format string, args ...any) string {
	if t == tongue(catalogue.Chinese) {
		if translated, ok := chinese[format]; ok {
			format = translated
		}
	}
	return fmt.Sprintf(format, args...)
}

// line prints a sentence on a line of standard output.
func (a *app) line(format string, args ...any) {
	a.out.printf("%s\n", printable(a.tongue(a.screen).say(format, args...)))
}

// term names a state, an operation and the like.
func (t tongue) term(word string) string { return catalogue.Term(word, catalogue.Lang(t)) }

// stores is "1 store" or "2 stores".
func (t tongue) stores(n int64) string { return t.plural(n, "store") }

// plural is so many of what English has a plain plural for.
func (t tongue) plural(n int64, what string) string {
	if t == tongue(catalogue.Chinese) {
		if counted, ok := chineseCounted[what]; ok {
			return count(n) + " " + counted
		}
	}
	return plural(n, what)
}

// span writes a duration in its two largest units.
func (t tongue) span(d time.Duration) string {
	if t != tongue(catalogue.Chinese) {
		return span(d)
	}
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case d < 0:
		return "0 秒"
	case s < 1:
		return "不到 1 秒"
	case s < 60:
		return fmt.Sprintf("%d 秒", s)
	case s < 3600:
		return fmt.Sprintf("%d 分 %d 秒", s/60, s%60)
	case s < 24*3600:
		return fmt.Sprintf("%d 小时 %d 分", s/3600, s%3600/60)
	}
	return fmt.Sprintf("%d 天 %d 小时", s/86400, s%86400/3600)
}

// target names what a job is about.
func (t tongue) target(target job.Target) string {
	if t != tongue(catalogue.Chinese) {
		return target.String()
	}
	if target.StockBundleID != "" {
		return "批次组 " + target.StockBundleID + "（商品券 " + target.ProductCouponID + "）"
	}
	return "批次 " + target.StockID + "（商品券 " + target.ProductCouponID + "）"
}

// because is a reason behind what it is the reason of; empty without one.
func (t tongue) because(reason string) string {
	if reason == "" {
		return ""
	}
	return t.say(": %s", t.sentence(reason))
}

// sentence puts an error, a warning or a reason into the tongue, where it is one that is known.
func (t tongue) sentence(s string) string { return catalogue.Sentence(s, catalogue.Lang(t)) }

// failed is an error in the tongue.
func (t tongue) failed(err error) string { return job.In(err, catalogue.Lang(t)) }

// label names a row of figures.
func (t tongue) label(name string) string {
	if t == tongue(catalogue.Chinese) {
		if l, ok := chineseLabels[name]; ok {
			return l
		}
	}
	return t.term(name)
}
