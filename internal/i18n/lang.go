package i18n

import "strings"

// Lang is a language that people are told in.
type Lang string

// The languages.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// EnvLang is the environment's variable that says what --lang does.
const EnvLang = "STORELINK_LANG"

// LangOf is the language that people are told in: the one asked for (Asked), or else that of the environment as POSIX
// has it: the first of LC_ALL, LC_MESSAGES and LANG that says something. English is for all who speak no Chinese. The
// error is a usage error.
func LangOf(flag string, environ []string) (Lang, error) {
	if lang, err := Asked(flag, environ); lang != "" || err != nil {
		return lang, err
	}
	values := variables(environ)
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := values[name]; v != "" {
			if language, _, _ := strings.Cut(strings.ToLower(v), "_"); language == "zh" || strings.HasPrefix(language, "zh-") ||
				strings.HasPrefix(language, "zh.") {
				return Chinese, nil
			}
			return English, nil
		}
	}
	return English, nil
}

// Asked is the language that was asked for of storelink itself: by --lang, or else by STORELINK_LANG; "" where neither
// says anything. The error is a usage error.
func Asked(flag string, environ []string) (Lang, error) {
	by, said := "--lang", flag
	if said == "" {
		by, said = EnvLang, variables(environ)[EnvLang]
	}
	switch strings.ToLower(said) {
	case "":
		return "", nil
	case "zh", "zh-cn", "zh_cn":
		return Chinese, nil
	case "en":
		return English, nil
	}
	return "", E("flag.lang", "by", by, "value", said)
}

func variables(environ []string) map[string]string {
	values := map[string]string{}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok {
			values[name] = value
		}
	}
	return values
}
