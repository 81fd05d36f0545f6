package sandbox_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// What the quick way reads, the thorough way reads as well and to the same effect; and nothing that is accepted breaks
// the bounds.
func FuzzStoresRequest(f *testing.F) {
	for _, seed := range []string{
		body("120344", "100000001", "100000002"), body("", "1"), body("1"), `{}`, `null`, `[]`, ``, `{"store_list":[]}`,
		`{"brand_id":"1","store_list":[{"store_id":"1"}],}`, `{"brand_id":"1",,"store_list":[{"store_id":"1"}]}`,
		`{"store_list":[{"store_id":"1"},],"brand_id":"1"}`, `{"brand_id":"\u0031","store_list":[{"store_id":"1"}]}`,
		`{"brand_id":"1","brand_id":"2","store_list":[{"store_id":"1","store_id":"2"}]}`,
		`{"brand_id":"1","store_list":[{"store_id":"门店"}]}`, `{"brand_id":"1","store_list":[{"store_id":1}]} x`,
		` { "store_list" : [ { "store_id" : "1" } ] } `, `{"store_list":[{"store_id":"` + "\x7f" + `"}]}`,
		`{"store_list":[[{"store_id":"1"}]]}`, `{"store_list":[{"store_id":"1"}]`,
		"{\"store_list\":[{\"store_id\":\"\xff\"}]}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		plain, thorough := sandbox.DecodePlain(text), sandbox.DecodeAny(text)
		if plain.OK && !reflect.DeepEqual(plain, thorough) {
			t.Fatalf("read as %+v and as %+v", plain, thorough)
		}
		if thorough.OK && !json.Valid(text) {
			t.Fatal("read what is no JSON")
		}
		for _, mode := range []job.Mode{job.Partner, job.Brand} {
			if !sandbox.CheckStores(text, mode) {
				continue
			}
			if n := len(thorough.StoreIDs); n < 1 || n > 200 || thorough.HasBrand != (mode == job.Partner) {
				t.Fatalf("accepted from a %s: %+v", mode, thorough)
			}
			for _, id := range thorough.StoreIDs {
				if !job.ValidID(id) {
					t.Fatalf("accepted the ID %q", id)
				}
			}
		}
	})
}

func FuzzAuthorization(f *testing.F) {
	const scheme = "WECHATPAY2-SHA256-RSA2048 "
	for _, seed := range []string{
		scheme + `mchid="1",nonce_str="n",timestamp="1",serial_no="s",signature="AA=="`,
		scheme + `mchid="1", nonce_str="n" , timestamp="1",serial_no="s",signature="AA==" `,
		scheme + `mchid="1",,nonce_str="n"`, scheme + `="1"`, scheme + `mchid="`, scheme, "", "Basic x",
		scheme + `mchid="1",mchid="1"`, scheme + `mchid="1",nonce_str="n",timestamp="+1",serial_no="s",signature="AA=="`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		identity, nonce, timestamp, serial, ok := sandbox.ParseAuthorization(header, job.Partner)
		if !ok {
			return
		}
		for _, part := range []string{identity, nonce, timestamp, serial} {
			if part == "" || strings.Contains(part, `"`) || !strings.Contains(header, `="`+part+`"`) {
				t.Fatalf("%q: %q", header, part)
			}
		}
		if _, _, _, _, ok := sandbox.ParseAuthorization(header, job.Brand); ok {
			t.Fatal("good for both modes")
		}
	})
}

func FuzzRoute(f *testing.F) {
	f.Add("POST", partnerBase+associate)
	f.Add("GET", brandBase+"stocks/1/associated-stores")
	f.Add("POST", brandBase+"stock-bundles/1/disassociate-stores")
	f.Add("POST", partnerBase+"stocks//associate-stores")
	f.Fuzz(func(t *testing.T, method, path string) {
		target, mode, _, ok := sandbox.ParseRoute(method, path)
		if !ok {
			return
		}
		target.BrandID = "1"
		slashes := map[job.Mode]int{job.Partner: 9, job.Brand: 8}[mode]
		if err := target.Validate(mode); err != nil || strings.Count(path, "/") != slashes {
			t.Fatalf("%s %s is taken for %s: %v", method, path, target, err)
		}
	})
}

func FuzzFaults(f *testing.F) {
	f.Add([]byte(`{"seed":1,"latency":"20ms","server_errors":0.05,"failing_store_ids":[{"store_id":"1","code":"X"}]}`))
	f.Add([]byte(`{"open_stocks":["1"],"outage":"hang","clock_offset":"-10m"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var first, second sandbox.Faults
		if json.Unmarshal(text, &first) != nil || first.Validate() != nil {
			return
		}
		written, err := json.Marshal(first)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, &second); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if again, err := json.Marshal(second); err != nil || string(again) != string(written) {
			t.Fatalf("%s became %s (%v)", written, again, err)
		}
	})
}

func FuzzPageToken(f *testing.F) {
	f.Add("ZnJvbTox")
	f.Fuzz(func(t *testing.T, token string) {
		if from, ok := sandbox.ReadPageToken(token); ok && from < 0 {
			t.Fatal(from)
		}
	})
}

func TestFaultsAreDrawnInTheirShares(t *testing.T) {
	t.Parallel()
	const n = 8000
	f := sandbox.Faults{Seed: 11, ServerErrors: 0.05, Dropped: 0.02, WrongSignatures: 0.01, PassingStores: 0.01}
	got := map[string]float64{}
	for i := range uint64(n) {
		got[sandbox.Draw(f, i)]++
		if sandbox.DrawPassing(f, numbers(int(i), 1)[0], 1) {
			got["passing"]++
		}
		if sandbox.DrawPassing(f, "1", i) {
			got["one store again and again"]++
		}
	}
	for name, share := range map[string]float64{"server_error": 0.05, "dropped": 0.02, "wrong_signature": 0.01,
		"passing": 0.01, "one store again and again": 0.01, "none": 0.92} {
		if most := 4 * math.Sqrt(share*(1-share)*n); math.Abs(got[name]-share*n) > most {
			t.Errorf("%s: %v of %d, want %v ± %v", name, got[name], n, share*n, most)
		}
	}
}

func TestTheWindowAgreesWithCountingByHand(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 0))
		rate, countRefused := 1+random.IntN(20), seed%2 == 1
		w := sandbox.NewWindow(rate, countRefused)
		var all, counted []time.Time
		busiest := 0
		within := func(list []time.Time, at time.Time) (n int) {
			for _, t := range slices.Backward(list) {
				if at.Sub(t) >= time.Second {
					break
				}
				n++
			}
			return n
		}
		at := time.Unix(1e9, 0)
		for i := range 1000 {
			at = at.Add(time.Duration(random.IntN(4)) * time.Second / time.Duration(2*rate))
			want := within(counted, at) < rate
			if got := w.Arrive(at); got != want {
				t.Fatalf("seed %d, rate %d: call %d kept the pace: %v, want %v", seed, rate, i, got, want)
			}
			if all = append(all, at); want || countRefused {
				counted = append(counted, at)
			}
			busiest = max(busiest, within(all, at))
		}
		if w.Busiest() != busiest {
			t.Errorf("seed %d: the busiest second has %d, want %d", seed, w.Busiest(), busiest)
		}
	}
}
