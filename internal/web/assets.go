package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// asset is a file that pages need. Its name on the wire has its contents' hash in it, so that it can be kept for ever.
type asset struct {
	name     string
	mime     string
	contents []byte
}

func readAssets() (map[string]asset, error) {
	files, err := fs.ReadDir(assets, "assets")
	if err != nil {
		return nil, err
	}
	out := map[string]asset{}
	for _, f := range files {
		b, err := assets.ReadFile("assets/" + f.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		ext := path.Ext(f.Name())
		out[f.Name()] = asset{strings.TrimSuffix(f.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext,
			mime.TypeByExtension(ext), b}
	}
	return out, nil
}

// assetPath is where a file is served.
func (p *Dashboard) assetPath(name string) string { return "/assets/" + p.assets[name].name }

func (p *Dashboard) asset(w http.ResponseWriter, r *http.Request) {
	for _, a := range p.assets {
		if a.name != r.PathValue("name") {
			continue
		}
		w.Header().Set("Content-Type", a.mime)
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.contents))
		return
	}
	p.handle(lookTimeout, false, func(r *request) error { return r.notFound() }).ServeHTTP(w, r)
}
