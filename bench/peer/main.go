// Command peer is what people would use instead of storelink, each way of it as its documentation tells. It calls the
// sandbox with the official SDK's client, and keeps no account of any store.
//
//	peer bare   CONFIG CALLS            calls in a loop, eight at a time
//	peer xrate  CONFIG SECONDS RATE BURST   the same behind golang.org/x/time/rate
//	peer asynq  enqueue|work …          a task a chunk, the store IDs in its payload
//	peer recipe work …                  the same with the rate limit of asynq's wiki
//	peer river  enqueue|work …          River on PostgreSQL
//
// and makes the lists: peer list FILE STORES.
package main

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"
	"golang.org/x/time/rate"

	"github.com/storelink/storelink/internal/config"
)

const (
	concurrency = 8
	perCall     = 200 // stores
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 3 {
		return errors.New("see its comment for how it is called")
	}
	if args[0] == "list" {
		return list(args[1], args[2])
	}
	if args[1] == "enqueue" || args[1] == "work" {
		return queued(ctx, args)
	}
	c, err := newCaller(ctx, args[1])
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	switch args[0] {
	case "bare":
		return loop(ctx, func(i int64) bool { return i < int64(n) }, nil, c)
	case "xrate":
		perSecond, err1 := strconv.ParseFloat(args[3], 64)
		burst, err2 := strconv.Atoi(args[4])
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, time.Duration(n)*time.Second)
		defer cancel()
		return loop(ctx, func(int64) bool { return ctx.Err() == nil }, rate.NewLimiter(rate.Limit(perSecond), burst), c)
	}
	return fmt.Errorf("there is no peer %q", args[0])
}

// loop makes calls, eight at a time.
func loop(ctx context.Context, more func(int64) bool, limit *rate.Limiter, c *caller) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	for range concurrency {
		wg.Go(func() {
			for {
				i := next.Add(1) - 1
				if !more(i) || failed.Load() != nil {
					return
				}
				if limit != nil && limit.Wait(ctx) != nil {
					return
				}
				if status, err := c.call(context.WithoutCancel(ctx), storeIDs(int(i))); err != nil && status != http.StatusTooManyRequests {
					failed.Store(&err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// storeIDs are those of the nth call: nine digits, no store twice.
func storeIDs(n int) []string {
	ids := make([]string, perCall)
	for i := range ids {
		ids[i] = strconv.Itoa(100_000_000 + (n*perCall+i)*7%899_999_999)
	}
	return ids
}

// list writes a list of n random nine-digit IDs, each once, the same for the same n.
func list(path, n string) error {
	left, err := strconv.Atoi(n)
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(1, uint64(left)))
	seen := make([]uint64, 900_000_000/64+1)
	text := append(make([]byte, 0, 10*left+9), "store_id\n"...)
	for left > 0 {
		id := rng.IntN(900_000_000)
		if seen[id/64]&(1<<(id%64)) != 0 {
			continue
		}
		seen[id/64] |= 1 << (id % 64)
		text = append(strconv.AppendInt(text, int64(100_000_000+id), 10), '\n')
		left--
	}
	return os.WriteFile(path, text, 0o600)
}

// caller makes calls with the official SDK's client.
type caller struct {
	client *core.Client
	url    string
}

type store struct {
	StoreID string `json:"store_id"`
}

type body struct {
	BrandID   string  `json:"brand_id"`
	StoreList []store `json:"store_list"`
}

// newCaller reads the configuration that the sandbox wrote.
func newCaller(ctx context.Context, path string) (*caller, error) {
	c, err := config.Load(path, nil)
	if err != nil {
		return nil, err
	}
	a := c.Accounts[0]
	private, err := utils.LoadPrivateKey(a.PrivateKey.Reveal())
	if err != nil {
		return nil, err
	}
	var public *rsa.PublicKey
	if public, err = utils.LoadPublicKey(a.AnswerKeys[0].PEM); err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = concurrency // else every fourth call finds its connection closed
	client, err := core.NewClient(ctx,
		option.WithWechatPayPublicKeyAuthCipher(a.MchID, a.SerialNo, private, a.AnswerKeys[0].ID, public),
		option.WithHTTPClient(&http.Client{Transport: transport, Timeout: 20 * time.Second}))
	if err != nil {
		return nil, err
	}
	return &caller{client, a.BaseURL + "/v3/marketing/partner/product-coupon/product-coupons/1001/stocks/2001/associate-stores"}, nil
}

func (c *caller) call(ctx context.Context, ids []string) (status int, err error) {
	b := body{BrandID: "120344", StoreList: make([]store, len(ids))}
	for i, id := range ids {
		b.StoreList[i].StoreID = id
	}
	result, err := c.client.Post(ctx, c.url, b)
	if result == nil || result.Response == nil {
		return 0, err
	}
	defer result.Response.Body.Close()
	if err == nil {
		var text bytes.Buffer
		_, err = text.ReadFrom(result.Response.Body)
	}
	return result.Response.StatusCode, err
}
