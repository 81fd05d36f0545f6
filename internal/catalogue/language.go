package catalogue

import (
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// Lang is a language that people are told in.
type Lang = i18n.Lang

// The languages.
const (
	Chinese = i18n.Chinese
	English = i18n.English
)

// EnvLang is the environment's variable that says what --lang does.
const EnvLang = i18n.EnvLang

// LangOf is i18n.LangOf; its error is of job.CodeUsage.
func LangOf(flag string, environ []string) (Lang, error) {
	lang, err := i18n.LangOf(flag, environ)
	return lang, usage(err)
}

// Asked is i18n.Asked; its error is of job.CodeUsage.
func Asked(flag string, environ []string) (Lang, error) {
	lang, err := i18n.Asked(flag, environ)
	return lang, usage(err)
}

func usage(err error) error {
	if err == nil {
		return nil
	}
	return job.Wrap(job.CodeUsage, err)
}
