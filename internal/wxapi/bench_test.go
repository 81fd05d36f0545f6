package wxapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/storelink/storelink/internal/wxapi"
	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
)

// The server signs each answer anew, since one that came before proves nothing; it costs both clients the same.
func benchServer(b *testing.B, stores []string) *httptest.Server {
	body := all(stores)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		for name, values := range signed(body, signing{}) {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	}))
	b.Cleanup(server.Close)
	return server
}

// BenchmarkClient and BenchmarkSDK make the same signed and checked calls of 200 stores, here and with the official
// SDK's own client; their ratio is a row of docs/performance.md.
func BenchmarkClient(b *testing.B) {
	c := call(200)
	client := newClient(b, partner(benchServer(b, c.StoreIDs).URL))
	b.ReportAllocs()
	b.SetParallelism(4)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if answer, err := client.Do(context.Background(), c); err != nil || len(answer.Succeeded) != 200 {
				b.Error(err)
			}
		}
	})
}

func BenchmarkSDK(b *testing.B) {
	c := call(200)
	server := benchServer(b, c.StoreIDs)
	k := testKeys()
	sdk, err := core.NewClient(context.Background(),
		option.WithWechatPayPublicKeyAuthCipher(mchid, serialNo, k.account, keyID, &k.wechat.PublicKey),
		option.WithHTTPClient(&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4 * runtime.GOMAXPROCS(0)}}))
	if err != nil {
		b.Fatal(err)
	}
	request := wxapi.StoresRequest{BrandID: brandID}
	for _, id := range c.StoreIDs {
		request.StoreList = append(request.StoreList, wxapi.Store{StoreID: id})
	}
	url := server.URL + "/v3/marketing/partner/product-coupon/product-coupons/200000001/stocks/300000001/associate-stores"
	b.ReportAllocs()
	b.SetParallelism(4)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			result, err := sdk.Post(context.Background(), url, request)
			if err != nil {
				b.Error(err)
				continue
			}
			var answer wxapi.StoresAnswer
			if err := core.UnMarshalResponse(result.Response, &answer); err != nil || len(answer.SuccessStoreList) != 200 {
				b.Error(err)
			}
		}
	})
}

// BenchmarkSignature is the part of a call that cannot be saved.
func BenchmarkSignature(b *testing.B) {
	c := call(200)
	client := newClient(b, partner("http://127.0.0.1:1"))
	body := all(c.StoreIDs)
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := client.Authorize(context.Background(), body); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkAnswer reads a verified answer of 200 stores.
func BenchmarkAnswer(b *testing.B) {
	c := call(200)
	client := newClient(b, partner("http://127.0.0.1:1"))
	body := []byte(all(c.StoreIDs))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.ReadStores(body, c.StoreIDs); err != nil {
			b.Error(err)
		}
	}
}
