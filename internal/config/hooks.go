package config

import (
	"slices"
	"strings"

	"github.com/storelink/storelink/internal/secret"
)

// hooks reads the list of hooks that have a name. Whether an address may be told is checked where it is used.
func (l *loader) hooks(v value, what string, into *[]Hook) {
	formats := []string{HookJSON, HookWeCom}
	for _, item := range l.list(v, what) {
		given := l.fields(item, "a hook", []string{"name", "url", "format"})
		h := Hook{Format: HookJSON}
		if v, ok := given["name"]; ok {
			h.Name, _ = l.text(v, what+".name")
		}
		switch {
		case !ValidName(h.Name):
			l.badf(item, "%s: a hook needs a name, which is 1 to 63 of a-z, 0-9 and -", what)
			continue
		case slices.ContainsFunc(*into, func(o Hook) bool { return o.Name == h.Name }):
			l.badf(item, "%s: there are two hooks of the name %s", what, h.Name)
			continue
		}
		if v, ok := given["format"]; ok {
			choice(l, v, what+".format", formats, formats, &h.Format)
		}
		if l.withKeys {
			l.hookURL(item, given["url"], what, &h)
		}
		*into = append(*into, h)
	}
}

// hookURL reads the address of a hook, which is as good as a password.
func (l *loader) hookURL(item, v value, what string, h *Hook) {
	s := ""
	if v.node != nil {
		var ok bool
		if s, ok = l.text(v, what+".url"); !ok {
			return
		}
	}
	switch {
	case s == "":
		l.badf(item, "%s: hook %s has no url", what, h.Name)
	case l.readable(v):
		l.badf(v, "%s: the url of hook %s stands in a file that others than its owner may read: chmod 600 it, or use ${NAME}", what,
			h.Name)
	default:
		h.URL = secret.NewText(s)
	}
}

// readable says whether a secret stands in a file that others may read.
func (l *loader) readable(v value) bool {
	return v.env == "" && openToOthers(l.mode) && !strings.Contains(target(v.node).Value, "${")
}
