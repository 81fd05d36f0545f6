package catalogue

import (
	"strings"

	"github.com/storelink/storelink/internal/job"
)

// Lang is a language that people are told in.
type Lang string

// The languages.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// LangOf gives the language that a person asked for, by --lang or else by the environment as POSIX has it: the first of
// LC_ALL, LC_MESSAGES and LANG that says something. English is for all who speak no Chinese. The error is of
// job.CodeUsage.
func LangOf(flag string, environ []string) (Lang, error) {
	switch strings.ToLower(flag) {
	case "":
	case "zh", "zh-cn", "zh_cn":
		return Chinese, nil
	case "en":
		return English, nil
	default:
		return "", job.Errorf(job.CodeUsage, "--lang %q: it is zh or en", flag)
	}
	values := map[string]string{}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok {
			values[name] = value
		}
	}
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
