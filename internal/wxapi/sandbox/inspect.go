package sandbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/storelink/storelink/internal/job"
)

// inspectPrefix is where a test of a sandbox that is a process of its own looks at it and steers it. Nothing there is
// signed, nothing there is WeChat Pay's.
const inspectPrefix = "/sandbox/"

// inspect serves:
//
//	GET    /sandbox/stats      Stats
//	DELETE /sandbox/stats      ForgetStats
//	GET    /sandbox/truth      the IDs of a target's stores, sorted, one a line: ?brand_id=…&product_coupon_id=… and
//	                           &stock_id=… or &stock_bundle_id=…
//	DELETE /sandbox/truth      Forget
//	GET    /sandbox/arrivals   Arrivals, a JSON object a line
//	GET    /sandbox/seconds    Seconds, a JSON object a line
//	GET    /sandbox/faults     Faults
//	POST   /sandbox/faults     changes those faults that the body names
//	PUT    /sandbox/faults     sets all faults: those that the body does not name are off
//
// What is wrong with a request is told as 400 and {"error": "…"}.
func (s *Sandbox) inspect(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path[len(inspectPrefix):] {
	case "GET stats":
		writeJSON(w, http.StatusOK, s.Stats())
	case "DELETE stats":
		s.ForgetStats()
		w.WriteHeader(http.StatusNoContent)
	case "GET truth":
		s.writeTruth(w, r.URL.Query())
	case "DELETE truth":
		s.Forget()
		w.WriteHeader(http.StatusNoContent)
	case "GET arrivals":
		writeLines(w, s.Arrivals())
	case "GET seconds":
		writeLines(w, s.Seconds())
	case "GET faults":
		writeJSON(w, http.StatusOK, s.Faults())
	case "POST faults":
		s.changeFaults(w, r, s.Faults())
	case "PUT faults":
		s.changeFaults(w, r, Faults{})
	default:
		writeProblem(w, http.StatusNotFound, errors.New("the sandbox has no "+r.Method+" "+r.URL.Path))
	}
}

func (s *Sandbox) changeFaults(w http.ResponseWriter, r *http.Request, f Faults) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err == nil {
		err = json.Unmarshal(body, &f)
	}
	if err == nil {
		err = s.SetFaults(f)
	}
	if err != nil {
		writeProblem(w, http.StatusBadRequest, err)
		return
	}
	writeJSON(w, http.StatusOK, f)
}

func (s *Sandbox) writeTruth(w http.ResponseWriter, query url.Values) {
	target := job.Target{
		BrandID:         query.Get("brand_id"),
		ProductCouponID: query.Get("product_coupon_id"),
		StockID:         query.Get("stock_id"),
		StockBundleID:   query.Get("stock_bundle_id"),
	}
	if target.BrandID == "" || target.ProductCouponID == "" || (target.StockID == "") == (target.StockBundleID == "") {
		writeProblem(w, http.StatusBadRequest,
			errors.New("brand_id, product_coupon_id and one of stock_id and stock_bundle_id are needed"))
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	out := bufio.NewWriterSize(w, 64<<10)
	for _, id := range s.Truth(target) {
		out.WriteString(id)
		out.WriteByte('\n')
	}
	out.Flush() // a reader that has gone needs no more
}

// writeLines writes a JSON object a line.
func writeLines[T any](w http.ResponseWriter, all []T) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := json.NewEncoder(w)
	for _, one := range all {
		if out.Encode(one) != nil {
			return // the reader has gone
		}
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.Encode(v) // a reader that has gone needs no more
}

func writeProblem(w http.ResponseWriter, status int, err error) {
	writeJSON(w, status, struct {
		Error string `json:"error"`
	}{err.Error()})
}
