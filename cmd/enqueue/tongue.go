package main

import (
	"time"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/terminal"
)

// tongue is the language that a person is told in. Logs and JSON are in English whatever it is: programs read them.
type tongue i18n.Lang

// tongue is that of what goes to an output: the one that was asked for, or else the environment's where a person looks at
// it. What a program reads does not change with LANG.
func (a *app) tongue(s terminal.Screen) tongue {
	lang, _ := i18n.Asked(a.lang, a.environ) // told before any command began
	if lang == "" && s.Terminal {
		lang = a.language()
	}
	return tongue(lang)
}

// language is the one that people are told in.
func (a *app) language() i18n.Lang {
	lang, err := i18n.LangOf(a.lang, a.environ)
	if err != nil {
		return i18n.English // told before any command began
	}
	return lang
}

// say is a message in the tongue.
func (t tongue) say(message string, args ...any) string { return t.in(i18n.M(message, args...)) }

func (t tongue) in(m i18n.Message) string { return m.In(i18n.Lang(t)) }

// line prints a message on a line of standard output.
func (a *app) line(message string, args ...any) {
	a.out.printf("%s\n", printable(a.tongue(a.screen).say(message, args...)))
}

// term names a state, an operation and the like.
func (t tongue) term(word string) string { return t.in(i18n.Term(word)) }

// span writes a duration in its two largest units.
func (t tongue) span(d time.Duration) string { return t.in(i18n.Rough(d)) }

// label names a row or a column: it is a code.
func (t tongue) label(code string) string { return t.in(i18n.Dynamic(code)) }

// failed is an error in the tongue.
func (t tongue) failed(err error) string { return job.In(err, i18n.Lang(t)) }

// because is a reason behind what it is the reason of; nothing without one.
func because(reason string) i18n.Message {
	if reason == "" {
		return i18n.Message{}
	}
	return i18n.M("cmd.because", "reason", i18n.Plain(reason))
}

// about names what a job is about.
func about(t job.Target) i18n.Message {
	if t.StockBundleID != "" {
		return i18n.M("cmd.target_bundle", "bundle", t.StockBundleID, "coupon", t.ProductCouponID)
	}
	return i18n.M("cmd.target_stock", "stock", t.StockID, "coupon", t.ProductCouponID)
}

// aboutJob names what a job is about, by its status.
func aboutJob(s job.Status) i18n.Message {
	return about(job.Target{ProductCouponID: s.ProductCouponID, StockID: s.StockID, StockBundleID: s.StockBundleID})
}
