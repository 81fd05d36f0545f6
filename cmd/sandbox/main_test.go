package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/credentials"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/signers"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// keyFiles are made once for all tests, and copied into their folders.
var keyFiles = sync.OnceValue(func() map[string][]byte {
	keys, err := sandbox.GenerateKeys()
	if err != nil {
		panic(err)
	}
	files := make(map[string][]byte)
	for name, key := range map[string]func() ([]byte, error){
		partnerKeyName:   func() ([]byte, error) { return sandbox.PrivateKeyPEM(keys.Partner) },
		brandKeyName:     func() ([]byte, error) { return sandbox.PrivateKeyPEM(keys.Brand) },
		wechatpayKeyName: func() ([]byte, error) { return sandbox.PrivateKeyPEM(keys.Wechatpay) },
		nextKeyName:      func() ([]byte, error) { return sandbox.PrivateKeyPEM(keys.WechatpayNext) },
	} {
		text, err := key()
		if err != nil {
			panic(err)
		}
		files[name] = text
	}
	return files
})

// folderWithKeys is a folder that a sandbox has been in.
func folderWithKeys(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range keyFiles() {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// process is a sandbox that runs.
type process struct {
	url    string
	stop   func() (status int, more string)
	stderr *bytes.Buffer
}

var listening = regexp.MustCompile(`^sandbox: listening on (http://127\.0\.0\.1:\d+), configuration in (.*)\n$`)

// start runs the command until its first line.
func start(t *testing.T, args ...string) process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	stderr := new(bytes.Buffer)
	ended := make(chan int, 1)
	go func() {
		status := run(ctx, args, in, stderr)
		in.Close()
		ended <- status
	}()
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err != nil {
		cancel()
		t.Fatalf("exit status %d: %s", <-ended, stderr)
	}
	said := listening.FindStringSubmatch(line)
	if said == nil {
		t.Fatalf("it says %q", line)
	}
	stop := sync.OnceValues(func() (int, string) {
		cancel()
		more, _ := io.ReadAll(lines)
		return <-ended, string(more)
	})
	t.Cleanup(func() { stop() })
	return process{url: said[1], stop: stop, stderr: stderr}
}

func load(t *testing.T, dir string) *config.Config {
	t.Helper()
	c, err := config.Load(filepath.Join(dir, configName), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// call sends associate-stores for one store with what the configuration says, and gives the HTTP status.
func call(t *testing.T, c *config.Config) int {
	t.Helper()
	account, ok := c.Account(sandbox.PartnerAccount)
	if !ok {
		t.Fatal("the configuration has no " + sandbox.PartnerAccount)
	}
	key, err := utils.LoadPrivateKey(account.PrivateKey.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	const path = "/v3/marketing/partner/product-coupon/product-coupons/1/stocks/2/associate-stores"
	const body = `{"brand_id":"120344","store_list":[{"store_id":"100000001"}]}`
	signer := credentials.WechatPayCredentials{Signer: &signers.SHA256WithRSASigner{MchID: account.Identity(),
		CertificateSerialNo: account.SerialNo, PrivateKey: key}}
	authorization, err := signer.GenerateAuthorizationHeader(t.Context(), "POST", path, body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest("POST", account.BaseURL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Wechatpay-Serial", account.AnswerKeys[0].ID)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func TestItWritesAConfigurationThatWorksAndServesUntilStopped(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	p := start(t, "--dir", dir)
	for _, name := range []string{partnerKeyName, brandKeyName, wechatpayKeyName, nextKeyName, configName} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	c := load(t, dir)
	if len(c.Accounts) != 2 || c.Accounts[0].BaseURL != p.url || c.Accounts[0].Rate != 20 || c.Accounts[0].SpareURL != "" {
		t.Errorf("%+v", c.Accounts)
	}
	if status := call(t, c); status != 200 {
		t.Errorf("HTTP %d for a call as the configuration has it", status)
	}
	status, more := p.stop()
	if status != 0 || more != "" || p.stderr.Len() != 0 {
		t.Errorf("exit status %d, %q, %q", status, more, p.stderr)
	}
	if _, err := http.Get(p.url); err == nil {
		t.Error("it still serves")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.*.*")); err != nil || len(left) != 0 {
		t.Errorf("temporary files are left: %q, %v", left, err)
	}
}

func TestARestartKeepsTheIdentityAndFreshDoesNot(t *testing.T) {
	t.Parallel()
	dir := folderWithKeys(t)
	first := start(t, "--dir", dir)
	before := load(t, dir)
	first.stop()
	again := start(t, "--dir", dir, "--listen", strings.TrimPrefix(first.url, "http://"), "--rate", "0")
	after := load(t, dir)
	if after.Accounts[0].SerialNo != before.Accounts[0].SerialNo || again.url != first.url ||
		after.Accounts[1].AnswerKeys[2].ID != before.Accounts[1].AnswerKeys[2].ID || after.Accounts[0].Rate != 0 {
		t.Errorf("before %+v, after %+v", before.Accounts, after.Accounts)
	}
	if status := call(t, before); status != 200 {
		t.Errorf("HTTP %d for a call with the keys from before", status)
	}
	again.stop()
	start(t, "--dir", dir, "--fresh")
	if fresh := load(t, dir); fresh.Accounts[0].SerialNo == before.Accounts[0].SerialNo {
		t.Error("--fresh kept the keys")
	}
}

func TestFaultsComeFromFileAndFlags(t *testing.T) {
	t.Parallel()
	dir := folderWithKeys(t)
	file := filepath.Join(dir, "faults.json")
	const inFile = `{"seed":3,"latency":"1ms","failing_store_ids":[{"store_id":"9"}]}`
	if err := os.WriteFile(file, []byte(inFile), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "--dir", dir, "--faults", file, "--seed", "18446744073709551615", "--server-errors", "5%",
		"--dropped", "0.02", "--jitter-in", "20ms", "--jitter-tail", "1%", "--work", "80ms", "--work-spread", "300ms", "--also-used", "5",
		"--retry-after", "2", "--failing-store-ids", "1,2:CLOSED:门店已关闭", "--open-stocks", "5,6", "--outage", "500",
		"--poison-detail", "none", "--clock-offset", "-10m")
	response, err := http.Get(p.url + "/sandbox/faults")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var got map[string]any
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"also_used":5,"clock_offset":"-10m0s","dropped":0.02,"failing_store_ids":[{"store_id":"1"},{"code":"CLOSED",` +
		`"message":"门店已关闭","store_id":"2"}],"jitter_in":"20ms","jitter_tail":0.01,"latency":"1ms","open_stocks":["5","6"],"outage":"500",` +
		`"poison_detail":"none","retry_after":2,"seed":18446744073709552000,"server_errors":0.05,"work":"80ms","work_spread":"300ms"}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestEveryFaultHasAFlag(t *testing.T) {
	t.Parallel()
	inFlags := make(map[string]any)
	for _, f := range faultFlagTable {
		inFlags[strings.ReplaceAll(f.name, "-", "_")] = nil
	}
	all := map[string]any{}
	text, err := json.Marshal(sandbox.Faults{Seed: 1, Latency: 1, JitterIn: 1, JitterOut: 1, JitterTail: 1,
		JitterTailBy: 1, JitterPer: "1", Work: 1, WorkSpread: 1, AlsoUsed: 1, GatewayRefusals: 1, GatewayBody: "1", RetryAfter: 1,
		ServerErrors: 1, CutBefore: 1,
		Throttled: 1, ProxyPages: 1, Dropped: 1, Truncated: 1, WrongSignatures: 1, Unsigned: 1, Dripped: 1, Oversized: 1,
		Strangers: 1, ProxyStatus: 1, DripFor: 1, OversizedBytes: 1, PassingStores: 1, PassingStoreIDs: []string{""},
		PassingCode: "1", FailingStores: 1, FailingStoreIDs: []sandbox.StoreFailure{{}}, MissingStores: 1,
		MissingStoreIDs: []string{""}, DoubleStores: 1, DoubleStoreIDs: []string{""}, PoisonedStores: 1,
		PoisonedStoreIDs: []string{""}, PoisonDetail: "1", AlreadyCode: "1", OpenStocks: []string{""},
		UnknownStocks: []string{""}, NotFoundStocks: []string{""}, UngrantedBrands: []string{""}, Outage: "1",
		AnswerKey: "1", ClockOffset: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for name := range all {
		if _, ok := inFlags[name]; !ok {
			t.Errorf("%s has no flag", name)
		}
		delete(inFlags, name)
	}
	for name := range inFlags {
		t.Errorf("the flag for %s sets no fault", name)
	}
}

func TestWhatIsWrongEndsWithTheStatusAndOneSentence(t *testing.T) {
	t.Parallel()
	own := t.TempDir()
	if err := os.WriteFile(filepath.Join(own, configName), []byte("accounts: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := folderWithKeys(t)
	if err := os.WriteFile(filepath.Join(broken, brandKeyName), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken := start(t, "--dir", folderWithKeys(t))
	takenAddr := strings.TrimPrefix(taken.url, "http://")
	file := filepath.Join(own, "faults.json")
	if err := os.WriteFile(file, []byte(`{"sever_errors":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, tt := range map[string]struct {
		status int
		args   []string
	}{
		"--dir is missing":           {2, nil},
		"unknown flag":               {2, []string{"--nonsense"}},
		"unknown command":            {2, []string{"--dir", own, "associate"}},
		"--allow-remote":             {2, []string{"--dir", own, "--listen", "0.0.0.0:0"}},
		"other machines":             {2, []string{"--dir", own, "--listen", ":8080"}},
		"--rate":                     {2, []string{"--dir", own, "--rate", "-1"}},
		"was not written by sandbox": {2, []string{"--dir", own}},
		brandKeyName:                 {2, []string{"--dir", broken}},
		"address already in use":     {1, []string{"--dir", folderWithKeys(t), "--listen", takenAddr}},
		"a share is":                 {2, []string{"--dir", own, "--dropped", "101%"}},
		"NaN":                        {2, []string{"--dir", own, "--truncated", "NaN"}},
		"time: invalid duration":     {2, []string{"--dir", own, "--latency", "soon"}},
		"is no ID":                   {2, []string{"--dir", own, "--open-stocks", "a b"}},
		"is no ID[:CODE[:MESSAGE]]":  {2, []string{"--dir", own, "--failing-store-ids", ":X"}},
		"fault also_used":            {2, []string{"--dir", own, "--also-used", "10001"}},
		"a number of calls a second": {2, []string{"--dir", own, "--also-used", "-5"}},
		"retry_after":                {2, []string{"--dir", own, "--retry-after", "9223372036854775808"}},
		"fault jitter_per":           {2, []string{"--dir", own, "--jitter-per", "day"}},
		"fault outage":               {2, []string{"--dir", own, "--outage", "rain"}},
		"add up":                     {2, []string{"--dir", own, "--dropped", "60%", "--server-errors", "60%"}},
		"sever_errors":               {2, []string{"--dir", own, "--faults", file}},
		"--faults cannot be read":    {2, []string{"--dir", own, "--faults", filepath.Join(own, "none")}},
		"cannot be made":             {1, []string{"--dir", filepath.Join(file, "below")}},
	} {
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), tt.args, &stdout, &stderr)
		if status != tt.status || !strings.Contains(stderr.String(), want) || strings.Count(stderr.String(), "\n") != 1 ||
			stdout.Len() != 0 {
			t.Errorf("%q: exit status %d, %q, %q", tt.args, status, stdout.String(), stderr.String())
		}
	}
}
