// Package version says which build of storelink this is: what a release's linker was told (-ldflags -X), or else what
// the Go toolchain itself put into the binary. It must never ask anything of the machine that it runs on.
package version

import (
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

// These are set when a release is linked, by -X github.com/storelink/storelink/internal/version.version=1.2.3 and its
// siblings (.goreleaser.yaml, Dockerfile), and by nothing else.
var (
	version string // 1.2.3, or v1.2.3
	commit  string // the whole hash
	date    string // of the commit, RFC 3339
)

// unknown stands where a build does not tell.
const unknown = "unknown"

// Info is what a build is.
type Info struct {
	Version  string // v1.2.3, a pseudo-version, or devel
	Commit   string // the whole hash; empty where it is not known
	Date     string // of the commit, RFC 3339; empty where it is not known
	Modified bool   // there was more in the tree than the commit
	Go       string // go1.26.8
	Platform string // linux/amd64
}

// Get gives this build.
func Get() Info { return get() }

var get = sync.OnceValue(func() Info {
	build, _ := debug.ReadBuildInfo() // nil where there is none
	return from(Info{Version: version, Commit: commit, Date: date}, build)
})

// from fills what the linker was not told from what the toolchain wrote.
func from(linked Info, build *debug.BuildInfo) Info {
	i := linked
	i.Go, i.Platform = runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH
	if build != nil {
		if i.Version == "" {
			i.Version = build.Main.Version
		}
		if i.Commit == "" { // else the toolchain may know another: that of a packager's own repository
			for _, s := range build.Settings {
				switch s.Key {
				case "vcs.revision":
					i.Commit = s.Value
				case "vcs.time":
					i.Date = s.Value
				case "vcs.modified":
					i.Modified = s.Value == "true"
				}
			}
		}
	}
	switch v := strings.Trim(i.Version, "()"); {
	case v == "":
		i.Version = unknown
	case '0' <= v[0] && v[0] <= '9':
		i.Version = "v" + v
	default:
		i.Version = v
	}
	return i
}

// String is what --version shows: v1.2.3 (commit 0123456789ab, 2026-11-24T01:02:03Z, go1.26.8, linux/amd64).
func (i Info) String() string {
	var parts []string
	if i.Commit != "" {
		c := "commit " + i.Commit[:min(12, len(i.Commit))]
		if i.Modified {
			c += " with changes"
		}
		parts = append(parts, c)
	}
	for _, s := range []string{i.Date, i.Go, i.Platform} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return i.Version + " (" + strings.Join(parts, ", ") + ")"
}

// UserAgent is what a request says that it comes from: storelink/1.2.3 (Go). It has nothing in it but what RFC 9110
// (10.1.5) lets stand in a product's version.
func UserAgent() string { return Get().userAgent() }

func (i Info) userAgent() string {
	v := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~",
			r) {
			return r
		}
		return -1
	}, strings.TrimPrefix(i.Version, "v"))
	if v == "" {
		return "storelink (Go)"
	}
	return "storelink/" + v + " (Go)"
}
