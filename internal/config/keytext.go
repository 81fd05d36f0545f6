package config

import (
	"encoding/pem"
	"io/fs"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/keyfile"
)

// maxKey bounds a key's file, in bytes; a 4096-bit key's PEM has some 3,300.
const maxKey = 64 << 10

// content returns the bytes of a key: the value itself, or what stands in the file that it names; nil where none is given.
// from says for a person where they came from, with a colon before it, and is empty for the value itself.
func (l *loader) content(v value, name string, private bool) (content []byte, from string, ok bool) {
	s, ok := l.text(v, name)
	switch {
	case !ok || s == "":
		return nil, "", ok
	case keyfile.IsAPIv3Key(s):
		l.badf(v, "%s is as long as an APIv3 key (32 characters), which these calls do not need: it must be a key's file, such as "+
			"apiclient_key.pem, or the text in it", name)
		return nil, "", false
	case !inline(s):
		return l.keyFile(v, name, s, private)
	case private && v.env == "" && !strings.Contains(target(v.node).Value, "${") && openToOthers(l.mode):
		l.badf(v, "%s stands in this file, which others than its owner may read (mode %04o): run chmod 600 %s",
			name, l.mode.Perm(), quotePath(l.file))
		return nil, "", false
	}
	return []byte(s), "", true
}

const base64Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/="

// inline says whether a value is a key itself and not the path of one: PEM, or Base64 that begins as a key's does or is
// longer than paths are.
func inline(s string) bool {
	if strings.Contains(s, "BEGIN ") || strings.Contains(s, "-END ") || strings.ContainsAny(s, "\n\r") {
		return true
	}
	begins := strings.HasPrefix(s, "MII") || strings.HasPrefix(s, "LS0t") // DER, and dashes, in Base64
	return (begins && len(s) > 32 || len(s) > 300) && strings.Trim(s, base64Alphabet+" \t") == ""
}

// keyFile reads a key's file. A path from the environment is not shown: it may be a key that lost its first line.
func (l *loader) keyFile(v value, name, path string, private bool) (content []byte, from string, ok bool) {
	if len(path) > 1000 || strings.ContainsRune(path, 0) || strings.HasPrefix(path, "MII") {
		l.badf(v, "%s is neither a file's path nor a PEM text with its -----BEGIN line", name)
		return nil, "", false
	}
	what := "the file that it names"
	if v.env == "" {
		what = shown(v)
	}
	full := l.resolve(path, l.at(v))
	text, info, err := readBounded(full, maxKey)
	if err != nil {
		l.badf(v, "%s: %s cannot be read: %s", name, what, cause(err))
		return nil, "", false
	}
	mode := l.ownMode(full, info)
	if private && openToOthers(mode) {
		fix := "chmod 600 on it"
		if v.env == "" && !strings.Contains(target(v.node).Value, "$") {
			fix = "chmod 600 " + quotePath(full)
		}
		l.badf(v, "%s: others than its owner may read %s (mode %04o): run %s (a mounted secret may be root's with mode 0440, for a "+
			"group of this process')", name, what, mode.Perm(), fix)
		return nil, "", false
	}
	l.checkWritable(full, mode)
	return append([]byte{}, text...), ": " + what, true
}

// pem gives a PEM text as it stands: the value itself, or what stands in the file that it names. A private one must be
// readable by its owner alone. "" is none given. It is for keys that are not WeChat Pay's, which may be of other kinds.
func (l *loader) pem(v value, name string, private bool) (string, bool) {
	content, from, ok := l.content(v, name, private)
	if !ok || content == nil {
		return "", ok
	}
	s := string(content)
	if !strings.Contains(s, "\n") {
		s = strings.ReplaceAll(s, `\n`, "\n") // as .env files and many consoles write it
	}
	if block, _ := pem.Decode([]byte(s)); block == nil {
		l.badf(v, "%s%s: this is no whole PEM text, from its -----BEGIN line to its -----END line, each on a line of its own "+
			"(in YAML, write it after a |)", name, from)
		return "", false
	}
	return s, true
}

// openToOthers says whether others than its owner may do anything with a file of that mode. Windows has no such bits.
func openToOthers(mode fs.FileMode) bool { return runtime.GOOS != "windows" && mode&0o077 != 0 }

// quotePath makes a path one word of a shell's.
func quotePath(path string) string {
	path = filepath.Clean(path)
	if strings.ContainsFunc(path, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-+", r))
	}) {
		return strconv.Quote(path)
	}
	return path
}
