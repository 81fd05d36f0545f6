package docs_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"go.yaml.in/yaml/v3"

	"github.com/storelink/storelink/internal/redistest"
)

// world is where the commands of one document are run: a folder with what the documents speak of, a Redis, a sandbox
// and a worker.
type world struct {
	dir     string
	redis   *redistest.Server
	sandbox string // its folder
	worker  *process
	http    string            // where the worker serves
	env     map[string]string // what export in the document and the world itself set

	long  []string // jobs that would take half a minute
	fresh int      // the last stock that was made up, so that no two jobs have the same target
}

// failing is a store that the world's sandbox knows to have closed.
const failing = "199999999"

// newWorld makes a world with README.md's configuration, and the manifest that the document shows, or else the manual's.
func newWorld(t *testing.T, d *document) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), fresh: 70_000_000}
	w.redis = redistest.Real(t, redistest.Durable...)
	w.redis.Client.ConfigSet(t.Context(), "maxmemory-policy", "noeviction")
	w.sandbox = filepath.Join(w.dir, "sandbox-of-the-test")
	w.env = map[string]string{
		"PATH": bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME": w.dir, "LANG": "C.UTF-8",
		"TMPDIR": t.TempDir(), "REDIS_URL": w.url(),
	}
	if err := os.Mkdir(filepath.Join(w.dir, "backups"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.lists(t)
	w.write(t, "storelink.yaml", yamlBlock("accounts:", markdown("README.md", read(t, "README.md"))))
	manifest := yamlBlock("targets:", d, markdown("docs/manual.md", read(t, "docs/manual.md")))
	w.write(t, "manifest.yaml", manifest)
	w.write(t, "brands.yaml", manifest)
	w.write(t, "docker-compose.yml", read(t, "docker-compose.yml"))
	w.write(t, "storelink.example.yaml", read(t, "storelink.example.yaml"))
	s := start(t, w.dir, w.environ(), filepath.Join(bin, "sandbox"), "--dir", w.sandbox, "--failing-store-ids",
		failing+":STORE_CLOSED:门店已关闭")
	s.says(t, `listening on (\S+),`)
	w.accounts(t)
	w.serve(t)
	return w
}

// serve starts the world's worker.
func (w *world) serve(t *testing.T) {
	t.Helper()
	w.worker = start(t, w.dir, w.environ(), filepath.Join(bin, "worker"), "--config", "storelink.yaml",
		"--http", "127.0.0.1:0")
	w.http = w.worker.says(t, serves)[1]
	w.worker.says(t, "worker started")
}

func (w *world) url() string { return "redis://" + w.redis.Addr + "/0" }

// yamlBlock is the first YAML block of the first document that has a line.
func yamlBlock(line string, documents ...*document) string {
	for _, d := range documents {
		for _, b := range d.blocks {
			if b.lang == "yaml" && slices.Contains(b.lines, line) {
				return strings.Join(b.lines, "\n") + "\n"
			}
		}
	}
	return ""
}

func (w *world) write(t *testing.T, name, text string) {
	t.Helper()
	name = filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// lists writes the lists that the documents speak of.
func (w *world) lists(t *testing.T) {
	t.Helper()
	for _, path := range append(glob(t, "examples/*.csv"), glob(t, "examples/*.yaml")...) {
		w.write(t, path, read(t, path))
	}
	var ids []string
	for i := range 400 {
		ids = append(ids, strconv.Itoa(100_000_001+i))
	}
	text := "门店编号\n" + strings.Join(ids, "\n") + "\n"
	for _, name := range []string{"stores.csv", "lists/stores.csv", "lists/all.csv", "lists/north.csv"} {
		w.write(t, name, text)
	}
	w.write(t, "failing.csv", text+failing+"\n")
	var packed bytes.Buffer
	pack := gzip.NewWriter(&packed)
	_, _ = pack.Write([]byte(text)) // a buffer takes all
	_ = pack.Close()
	w.write(t, "stores.gz", packed.String())
	w.write(t, "stores-of-all-brands.csv", "brand_id,product_coupon_id,stock_id,store_id\n"+
		"120344,1002323,100232301,100000001\n120345,1002324,100232401,100000002\n")
	book := excelize.NewFile()
	for i, id := range append([]string{"门店编号"}, ids...) {
		if err := book.SetCellStr("Sheet1", "A"+strconv.Itoa(i+1), id); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.SaveAs(filepath.Join(w.dir, "stores.xlsx")); err != nil {
		t.Fatal(err)
	}
}

// accounts gives the document's account, and my-brand, the keys of the sandbox's.
func (w *world) accounts(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.sandbox, "storelink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Accounts []struct {
			SerialNo   string              `yaml:"serial_no"`
			PrivateKey string              `yaml:"private_key"`
			BrandID    string              `yaml:"brand_id"`
			Keys       []map[string]string `yaml:"wechatpay_keys"`
			BaseURL    string              `yaml:"base_url"`
		}
	}
	if err := yaml.Unmarshal(text, &c); err != nil || len(c.Accounts) != 2 || len(c.Accounts[0].Keys) == 0 {
		t.Fatalf("the sandbox's configuration is another than thought: %v\n%s", err, text)
	}
	partner, brand := c.Accounts[0], c.Accounts[1]
	public := partner.Keys[0]
	for name, from := range map[string]string{
		"keys/apiclient_key.pem": partner.PrivateKey, "keys/wxp_pub.pem": public["key"], "keys/brand_key.pem": brand.PrivateKey,
	} {
		pem, err := os.ReadFile(filepath.Join(w.sandbox, from))
		if err != nil {
			t.Fatal(err)
		}
		w.write(t, name, string(pem))
	}
	text, err = os.ReadFile(filepath.Join(w.dir, "storelink.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	config := string(text)
	for _, r := range [][2]string{
		{`(?m)^    serial_no: .*$`, "    serial_no: " + partner.SerialNo + "\n    base_url: " + partner.BaseURL},
		{`(?m)^    wechatpay_public_key_id: .*$`, "    wechatpay_public_key_id: " + public["id"]},
	} {
		re := regexp.MustCompile(r[0])
		if len(re.FindAllString(config, -1)) != 1 {
			t.Fatalf("the document's configuration is to have one line %s:\n%s", r[0], config)
		}
		config = re.ReplaceAllLiteralString(config, r[1])
	}
	w.write(t, "storelink.yaml", config+fmt.Sprintf(`
  - name: my-brand
    mode: brand
    brand_id: %q
    serial_no: %s
    private_key: keys/brand_key.pem
    wechatpay_public_key_id: %s
    wechatpay_public_key: keys/wxp_pub.pem
    base_url: %s
sources:
  directories: [%s]
  hosts: [files.example.com]
`, brand.BrandID, brand.SerialNo, public["id"], brand.BaseURL, filepath.Join(w.dir, "lists")))
}

func (w *world) environ() []string {
	var all []string
	for name, value := range w.env {
		all = append(all, name+"="+value)
	}
	return all
}

// bash runs a command line, and gives its exit status and what it printed.
func (w *world) bash(t *testing.T, line string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-uo", "pipefail", "-c", line)
	var out bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = w.dir, w.environ(), &out, &out
	return status(t, cmd.Run()), out.String()
}

// enqueue runs a command that the world itself needs, with one of the statuses, and reads the document that it prints.
func (w *world) enqueue(t *testing.T, into any, statuses []int, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "enqueue"), append(args, "--json", "--redis", w.url())...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = w.dir, w.environ(), &out, &errs
	if got := status(t, cmd.Run()); !slices.Contains(statuses, got) {
		t.Fatalf("enqueue %q: exit status %d\n%s%s", args, got, out.String(), errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		t.Fatalf("enqueue %q: %v\n%s", args, err, out.String())
	}
}

// busy makes a job that is at work for half a minute, unless it is stopped.
func (w *world) busy(t *testing.T) string {
	t.Helper()
	id := w.submit(t, []int{0}, "examples/stores-10000.csv", "--chunk-size", "15")
	w.long = append(w.long, id)
	return id
}

// submit makes a job of a target of its own and gives its ID.
func (w *world) submit(t *testing.T, statuses []int, list string, args ...string) string {
	t.Helper()
	w.fresh++
	var said struct{ Job string }
	w.enqueue(t, &said, statuses, append([]string{"associate", list, "--account", "acme", "--brand", "120344", "--coupon",
		"1000000013", "--stock", strconv.Itoa(w.fresh)}, args...)...)
	return said.Job
}

// settled sees to it that no job goes on: what would take long is cancelled, the rest is waited for.
func (w *world) settled(t *testing.T) {
	t.Helper()
	var jobs []struct{ Job, State string }
	w.enqueue(t, &jobs, []int{0}, "jobs", "--limit", "0")
	for _, j := range jobs {
		var after any
		switch {
		case slices.Contains([]string{"completed", "cancelled", "aborted"}, j.State):
		case j.State == "scheduled" || j.State == "paused":
			w.enqueue(t, &after, []int{0}, "cancel", j.Job)
		default:
			if j.State == "running" && slices.Contains(w.long, j.Job) {
				w.enqueue(t, &after, []int{0}, "cancel", j.Job)
			}
			if got, out := w.bash(t, fmt.Sprintf("enqueue watch %s --timeout 50s", j.Job)); got != 0 && got != 3 {
				t.Fatalf("job %s does not end: %s", j.Job, out)
			}
		}
	}
}

// free is an address that nobody listens at.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
