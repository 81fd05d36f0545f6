package source_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/source"
)

func TestAnAddressIsRead(t *testing.T) {
	t.Parallel()
	s, config := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"v1"`)
		_, _ = io.WriteString(w, stores)
	})
	o := opener(t, config)
	got, text, err := read(t.Context(), o, s.URL+"/lists/all.csv?sig=secret", "")
	if err != nil || text != stores {
		t.Fatalf("%q, %v", text, err)
	}
	if got.Name != "all.csv" || got.Place != s.URL+"/lists/all.csv" || got.ETag != `"v1"` || got.Size != int64(len(stores)) || got.NotModified {
		t.Fatalf("%+v", got)
	}
	got, text, err = read(t.Context(), o, s.URL+"/lists/all.csv?sig=secret", got.ETag)
	if err != nil || text != "" || !got.NotModified || got.ETag != `"v1"` {
		t.Fatalf("the same list again: %+v, %q, %v", got, text, err)
	}
	if got, _, err = read(t.Context(), o, s.URL+"/lists/all.csv", `"v0"`); err != nil || got.NotModified {
		t.Fatalf("another list: %+v, %v", got, err)
	}
}

func TestLastModifiedStandsInForAMissingETag(t *testing.T) {
	t.Parallel()
	const date = "Mon, 23 Nov 2026 19:00:00 GMT"
	s, config := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Last-Modified", date)
		w.Header().Set("ETag", "no quotes")
		if r.Header.Get("If-Modified-Since") == date && r.Header.Get("If-None-Match") == "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, stores)
	})
	o := opener(t, config)
	got, _, err := read(t.Context(), o, s.URL+"/a.csv", "")
	if err != nil || got.ETag != date {
		t.Fatalf("%+v, %v", got, err)
	}
	if got, _, err = read(t.Context(), o, s.URL+"/a.csv", date); err != nil || !got.NotModified {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestAnETagThatIsNoneIsNotSent(t *testing.T) {
	t.Parallel()
	s, config := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match")+r.Header.Get("If-Modified-Since") != "" {
			t.Errorf("sent %v", r.Header)
		}
		w.WriteHeader(http.StatusNotModified)
	})
	for _, etag := range []string{"", "x", "\"a\r\nX: y\"", `"` + strings.Repeat("x", 2000) + `"`, `"a"b"`, `W/`} {
		_, err := opener(t, config).Open(t.Context(), s.URL+"/a.csv", etag)
		refused(t, err, 2, "HTTP 304")
	}
}

func TestListsAreNamedSoThatTheirFormatShows(t *testing.T) {
	t.Parallel()
	s, config := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/from.csv":
			http.Redirect(w, r, "/export?secret", http.StatusFound)
			return
		case "/to":
			http.Redirect(w, r, "/moved/all.jsonl.gz?secret", http.StatusFound)
			return
		case "/named":
			w.Header().Set("Content-Disposition", `attachment; filename="../../门店.jsonl"`)
		case "/chinese":
			w.Header().Set("Content-Disposition", `attachment; filename*=UTF-8''%E9%97%A8%E5%BA%97.tsv`)
		case "/steering":
			w.Header().Set("Content-Disposition", "attachment; filename*=UTF-8''%1B%5B2J.csv")
		case "/typed":
			w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
		}
		_, _ = io.WriteString(w, stores)
	})
	o := opener(t, config)
	for path, want := range map[string]string{"/a/b.TSV": "b.TSV", "/a.csv.gz": "a.csv.gz", "/named": "门店.jsonl", "/chinese": "门店.tsv",
		"/steering": "_[2J.csv", "/typed": "typed.ndjson", "/from.csv": "from.csv", "/to": "all.jsonl.gz", "/": "list.txt", "/x.php": "x.php.txt",
		"/%1b.csv": "_.csv", "/" + strings.Repeat("x", 200) + ".csv": strings.Repeat("x", 96) + ".csv"} {
		got, _, err := read(t.Context(), o, s.URL+path, "")
		if err != nil || got.Name != want || strings.Contains(fmt.Sprintf("%+v", got.Place), "secret") {
			t.Errorf("%s: %+v, %v; want %s", path, got, err, want)
		}
	}
}

func TestAddressesAreRefused(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("http was asked") }))
	t.Cleanup(plain.Close)
	s, config := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
	})
	o := opener(t, config)
	for src, says := range map[string]string{
		plain.URL + "/a.csv?secret":                  "http is refused",
		"https://elsewhere.example.com/a.csv?secret": "elsewhere.example.com is not on",
		"https://u:secret@" + hostOf(s) + "/a.csv":   "user or password",
		"https://%zz/secret":                         "understood",
	} {
		refused(t, o.Check(src), 2, says)
		_, err := o.Open(t.Context(), src, "")
		refused(t, err, 2, says)
	}
	for to, says := range map[string]string{
		plain.URL + "/a.csv?secret":             "redirects to one that is refused: http is refused",
		"https://elsewhere.example.com/?secret": "elsewhere.example.com is not on",
		"https://127.0.0.1:1/":                  "127.0.0.1:1 is not on",
		s.URL + "/?to=/":                        "more than 5 times",
	} {
		_, err := o.Open(t.Context(), s.URL+"/a.csv?secret&to="+strings.ReplaceAll(to, "&", "%26"), "")
		refused(t, err, 2, s.URL+"/a.csv: ", says)
	}
}

func TestPrivateAddressesAreRefused(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a private address was asked") })
	port := hostOf(s)[strings.LastIndex(hostOf(s), ":"):]
	o := opener(t, source.Config{Egress: allow(t, s, egress.Rules{Hosts: []string{hostOf(s), "localhost" + port}})})
	refused(t, o.Check(s.URL+"/a.csv"), 2, "loopback")
	_, err := o.Open(t.Context(), "https://localhost"+port+"/a.csv?secret", "") // only its address tells
	refused(t, err, 2, "https://localhost"+port+"/a.csv: ", "the host localhost leads to", "loopback")

	inside, config := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://10.0.0.1/latest/meta-data?secret", http.StatusFound)
	})
	config.Egress = allow(t, inside, egress.Rules{Hosts: []string{hostOf(inside), "10.0.0.1"}, Private: []string{"127.0.0.1"}})
	_, err = opener(t, config).Open(t.Context(), inside.URL+"/a.csv", "")
	refused(t, err, 2, "redirects", "private address")
}

func TestAnswersThatAreNoListAreRefused(t *testing.T) {
	t.Parallel()
	s, config := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var code int
		_, _ = fmt.Sscan(strings.TrimPrefix(r.URL.Path, "/"), &code)
		if code == 200 {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		w.WriteHeader(code)
	})
	o := opener(t, config)
	for code, status := range map[int]int{200: 2, 204: 2, 206: 2, 300: 2, 304: 2, 400: 2, 401: 2, 403: 2, 404: 2, 410: 2, 418: 2,
		408: 1, 425: 1, 429: 1, 500: 1, 502: 1, 503: 1, 504: 1} {
		_, err := o.Open(t.Context(), fmt.Sprintf("%s/%d?secret", s.URL, code), "")
		refused(t, err, status, fmt.Sprintf("%s/%d: ", s.URL, code))
	}
}

func TestAnAnswerOfTenGigabytesIsRefused(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	s, config := serve(t, func(w http.ResponseWriter, r *http.Request) {
		const all = 10 << 30
		if r.URL.Path == "/claimed" {
			w.Header().Set("Content-Length", fmt.Sprint(all))
		}
		block := []byte(strings.Repeat("\n", 64<<10))
		for range all / len(block) {
			n, err := w.Write(block)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
		t.Error("all of it was sent")
	})
	config.MaxBytes = 1 << 20
	o := opener(t, config)
	_, err := o.Open(t.Context(), s.URL+"/claimed", "")
	refused(t, err, 2, "larger than 1048576 bytes")
	_, text, err := read(t.Context(), o, s.URL+"/streamed", "")
	refused(t, err, 2, "larger than 1048576 bytes")
	if len(text) > 1<<20 {
		t.Errorf("%d bytes were read", len(text))
	}
	s.Close() // waits for the handlers
	if sent.Load() > 1<<28 {
		t.Errorf("%d bytes were sent", sent.Load())
	}
}

func TestAnAnswerThatDripsIsCutOff(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{}, 2)
	s, config := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, stores)
		_ = http.NewResponseController(w).Flush()
		if r.URL.Path == "/stops" {
			<-r.Context().Done()
		} else {
			tick(r.Context(), 5*time.Millisecond, func() error {
				_, _ = io.WriteString(w, "1")
				return http.NewResponseController(w).Flush()
			})
		}
		gone <- struct{}{}
	})
	config.MinSpeed, config.Window = 10_000, 100*time.Millisecond
	for _, path := range []string{"/drips", "/stops"} {
		_, _, err := read(t.Context(), opener(t, config), s.URL+path+"?secret", "")
		refused(t, err, 1, s.URL+path+": ", "too slowly", "10000 bytes a second over 100ms")
		<-gone // the server saw it
	}
}

func TestAnAnswerThatDoesNotBeginIsGivenUp(t *testing.T) {
	t.Parallel()
	s, config := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	config.FirstByte = 50 * time.Millisecond
	_, err := opener(t, config).Open(t.Context(), s.URL+"/a.csv", "")
	refused(t, err, 1, "in time")
}

func TestTheWholeTimeIsBounded(t *testing.T) {
	t.Parallel()
	s, config := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/begins" {
			_, _ = io.WriteString(w, stores)
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	})
	config.Timeout = 150 * time.Millisecond
	for _, path := range []string{"/begins", "/does-not"} {
		_, _, err := read(t.Context(), opener(t, config), s.URL+path, "")
		refused(t, err, 1, s.URL+path, "not read within 150ms")
	}
}

func TestReadingAnAddressEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s, config := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, stores)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	got, err := opener(t, config).Open(ctx, s.URL+"/a.csv", "")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if _, err := io.ReadFull(got, make([]byte, len(stores))); err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = io.ReadAll(got)
	refused(t, err, 130)
	if _, err = opener(t, config).Open(ctx, s.URL+"/a.csv", ""); job.ExitStatus(err) != 130 {
		t.Fatalf("got %v", err)
	}
}

func TestAnAnswerThatEndsTooSoonIsNoShorterList(t *testing.T) {
	t.Parallel()
	s, config := serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, out, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = out.WriteString("HTTP/1.1 200 OK\r\n" + map[string]string{
			"/length":     fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(stores)+10, stores),
			"/chunked":    fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(stores), stores),
			"/unfinished": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s", len(stores)+10, stores),
			"/unknown":    "Connection: close\r\n\r\n" + stores,
			"/nothing":    "Content-Length: 10\r\n\r\n",
		}[r.URL.Path])
		_ = out.Flush()
	})
	o := opener(t, config)
	for path, says := range map[string]string{"/length": "of 39 bytes", "/chunked": "before its end", "/unfinished": "before its end",
		"/nothing": "after 0 of 10 bytes"} {
		_, _, err := read(t.Context(), o, s.URL+path, "")
		refused(t, err, 1, s.URL+path, says)
	}
	_, err := o.Open(t.Context(), s.URL+"/unknown", "")
	refused(t, err, 2, "does not say where it ends")

	// Nor is it one for who reads the list.
	src, err := o.Open(t.Context(), s.URL+"/length", "")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	rd, err := storelist.NewReader(t.Context(), src, storelist.Options{Name: src.Name, MaxText: source.MaxText, MaxIDs: source.MaxIDs})
	if err == nil {
		for _, e := range rd.IDs() {
			err = e
		}
	}
	refused(t, err, 1, "of 39 bytes")
}
