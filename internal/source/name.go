package source

import (
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
)

// endings are those by which lists are known, without .gz behind them.
var endings = []string{".csv", ".tsv", ".txt", ".jsonl", ".ndjson"}

// byType are the endings that an answer's type stands for.
var byType = map[string]string{
	"text/csv": ".csv", "text/tab-separated-values": ".tsv", "text/plain": ".txt", "application/jsonl": ".jsonl",
	"application/x-jsonlines": ".jsonl", "application/jsonlines": ".jsonl", "application/x-ndjson": ".ndjson",
	"application/ndjson": ".ndjson",
}

// known says whether a name has an ending by which lists are known.
func known(name string) bool {
	name = strings.ToLower(name)
	plain := strings.TrimSuffix(name, ".gz")
	return plain != name || slices.Contains(endings, path.Ext(plain))
}

// name is what an answer's list is called: as the address ends, or, where that tells nothing, as the answer calls it, as
// the address that was asked for first ends, or after the answer's type.
func name(asked *url.URL, resp *http.Response) string {
	base := clean(resp.Request.URL.Path)
	if known(base) {
		return base
	}
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil {
		if given := clean(strings.ReplaceAll(params["filename"], `\`, "/")); known(given) {
			return given
		}
	}
	if first := clean(asked.Path); known(first) {
		return first
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")) // none is as one that is not known
	return base + byType[media]
}

// maxName bounds a name, in characters.
const maxName = 100

// clean gives the last part of a path as a name that can be shown.
func clean(p string) string {
	base := path.Base(p)
	if base == "." || base == "/" || base == ".." {
		return "list"
	}
	runes := []rune(base)
	for i, r := range runes {
		if r == unicode.ReplacementChar || !unicode.IsGraphic(r) {
			runes[i] = '_'
		}
	}
	if len(runes) > maxName { // the ending is what counts
		runes = runes[len(runes)-maxName:]
	}
	return string(runes)
}
