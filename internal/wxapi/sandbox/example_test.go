package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// A sandbox on a free port, with five calls in a hundred answered 500, and what it says is true.
func Example() {
	s, err := sandbox.New(sandbox.Options{
		Keys:   keys(), // left out, it makes its own
		Rate:   sandbox.NoRate,
		Faults: sandbox.Faults{Seed: 1, ServerErrors: 0.05, AlreadyCode: "STORE_ALREADY_ASSOCIATED"},
	})
	if err != nil {
		panic(err)
	}
	url, err := s.Start("")
	if err != nil {
		panic(err)
	}
	defer s.Close(context.Background())

	account, _ := s.Account(sandbox.PartnerAccount) // mode, identity, serial number and key of who may call
	fmt.Println(account.Mode, account.Identity)

	// Calls would come in here. Stores can be put without one.
	s.Put(job.Target{BrandID: "120344", ProductCouponID: "1", StockID: "2"}, "100000002", "100000001")

	// From another process, the same truth over HTTP.
	answer, err := http.Get(url + "/sandbox/truth?brand_id=120344&product_coupon_id=1&stock_id=2")
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		panic(err)
	}
	fmt.Print(string(text))
	// Output:
	// partner 1900000001
	// 100000001
	// 100000002
}
