package source_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/source"
)

// TestEachMisuseHasASentenceOfItsOwn reads sources as a worker reads them, and asks that what is wrong with each is told in
// words that are told of no other.
func TestEachMisuseHasASentenceOfItsOwn(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("http was asked") }))
	t.Cleanup(plain.Close)
	var unpacked atomic.Int64
	s, config := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/to-private":
			http.Redirect(w, r, "https://10.0.0.1/", http.StatusFound)
		case "/to-http":
			http.Redirect(w, r, plain.URL, http.StatusFound)
		case "/to-another":
			http.Redirect(w, r, "https://elsewhere.example.com/", http.StatusFound)
		case "/huge.csv":
			w.Header().Set("Content-Length", fmt.Sprint(10<<30))
		case "/bomb.csv": // it is packed whatever its name and its header say
			w.Header().Set("Content-Encoding", "gzip")
			z, rows := gzip.NewWriter(w), []byte(strings.Repeat("\n", 1<<20))
			for range 16 << 10 {
				n, err := z.Write(rows)
				if unpacked.Add(int64(n)); err != nil {
					return
				}
			}
		case "/drips.csv":
			_, _ = io.WriteString(w, stores)
			tick(r.Context(), 5*time.Millisecond, func() error {
				_, _ = io.WriteString(w, "1")
				return http.NewResponseController(w).Flush()
			})
		case "/mute.csv":
			<-r.Context().Done()
		case "/unasked.csv":
			w.WriteHeader(http.StatusNotModified)
		case "/page.csv":
			w.Header().Set("Content-Type", "text/html")
		case "/cut.csv":
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, stores)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		default:
			http.NotFound(w, r)
		}
	})
	dir := t.TempDir()
	outside := write(t, t.TempDir(), "a.csv", stores)
	folder := filepath.Dir(write(t, dir, "folder/a.csv", stores))
	config.Egress = allow(t, s, egress.Rules{Hosts: []string{hostOf(s), "10.0.0.1", "[::ffff:10.0.0.1]"}, Private: []string{"127.0.0.1"}})
	config.Dirs, config.MaxBytes = []string{dir, "/dev"}, 1<<20
	patient := opener(t, config)
	config.MinSpeed, config.Window, config.FirstByte = 10_000, 100*time.Millisecond, 300*time.Millisecond
	hasty := opener(t, config)
	sentences := map[string]string{}
	for what, c := range map[string]struct{ src, says string }{
		"a path outside":             {outside, "outside of the folders"},
		"a symbolic link out":        {link(t, outside, filepath.Join(dir, "link.csv")), "a symbolic link leads outside"},
		"a relative path":            {"a.csv", "relative"},
		"a folder":                   {folder, "this is a folder"},
		"a device":                   {"/dev/zero", "no regular file but a device"},
		"no file":                    {filepath.Join(dir, "none.csv"), "no such file"},
		"http":                       {plain.URL + "/a.csv", "http is refused"},
		"another scheme":             {"ftp://" + hostOf(s) + "/a.csv", "nothing else is allowed"},
		"another host":               {"https://elsewhere.example.com/a.csv", "not on the configuration's list"},
		"a password":                 {"https://u:secret@" + hostOf(s) + "/a.csv", "has a user or password in it"},
		"a private address":          {"https://10.0.0.1/a.csv", "RFC 1918"},
		"one in IPv6":                {"https://[::ffff:10.0.0.1]/a.csv", "hidden in an IPv6"},
		"redirects without end":      {s.URL + "/loop", "redirects more than 5 times"},
		"one to a private address":   {s.URL + "/to-private", "redirects to one that is refused: the address 10.0.0.1"},
		"one to http":                {s.URL + "/to-http", "redirects to one that is refused: http is refused"},
		"one to another host":        {s.URL + "/to-another", "redirects to one that is refused: the host elsewhere"},
		"10 GB":                      {s.URL + "/huge.csv", "larger than 1048576 bytes, which"},
		"16 GB in a small packing":   {s.URL + "/bomb.csv", "more than 8388608 bytes of text"},
		"an answer that drips":       {s.URL + "/drips.csv", "too slowly"},
		"none that begins":           {s.URL + "/mute.csv", "does not answer in time"},
		"304 without being asked so": {s.URL + "/unasked.csv", "which it was not asked"},
		"a page":                     {s.URL + "/page.csv", "a web page instead of a list"},
		"no list":                    {s.URL + "/none.csv", "there is no list at this address"},
		"a list that breaks off":     {s.URL + "/cut.csv", "broke off after 29 of 1000 bytes"},
	} {
		o := patient
		if c.src == s.URL+"/drips.csv" || c.src == s.URL+"/mute.csv" {
			o = hasty
		}
		src, err := o.Open(t.Context(), c.src, "")
		if err == nil {
			var list *storelist.Reader
			list, err = storelist.NewReader(t.Context(), src, storelist.Options{Name: src.Name, MaxText: 8 << 20, MaxIDs: source.MaxIDs})
			if err == nil {
				for _, e := range list.IDs() {
					err = e
				}
			}
			_ = src.Close()
		}
		if err == nil {
			t.Errorf("%s was read", what)
			continue
		}
		if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %q does not say %q, in one line", what, err, c.says)
		}
		sentences[what] = strings.ReplaceAll(err.Error(), c.src, "")
		for other, sentence := range sentences {
			if other != what && sentence == sentences[what] {
				t.Errorf("%s and %s are told in the same words: %s", what, other, sentence)
			}
		}
	}
	s.Close() // waits for the handlers
	if unpacked.Load() > 1<<30 {
		t.Errorf("%d bytes were packed for one who had stopped reading", unpacked.Load())
	}
}
