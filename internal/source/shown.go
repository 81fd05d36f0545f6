package source

import (
	"net/url"

	"github.com/storelink/storelink/internal/egress"
)

// Shown is a source without what may be secret in it: the query of an address.
func Shown(src string) string {
	u, err := url.Parse(src)
	if err != nil || u.Host == "" {
		return src
	}
	if u.RawQuery != "" {
		return egress.Shown(u) + "?…"
	}
	return egress.Shown(u)
}
