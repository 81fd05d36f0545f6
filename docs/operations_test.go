package docs_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// shown gives the command of a document that begins so.
func shown(t *testing.T, d *document, begins string) string {
	t.Helper()
	for _, c := range d.commands() {
		if strings.HasPrefix(c.text, begins) {
			return c.text
		}
	}
	t.Fatalf("%s has no command %s", d.path, begins)
	return ""
}

func operations(t *testing.T) (*document, *world) {
	t.Helper()
	if _, err := exec.LookPath("redis-cli"); err != nil {
		t.Skip("there is no redis-cli")
	}
	d := markdown("docs/operations.md", read(t, "docs/operations.md"))
	return d, newWorld(t, d)
}

// The steps of "Backup" and "Restore", with the commands that stand there, one after the other.
func TestABackupThatIsRestoredHasEveryOutcome(t *testing.T) {
	t.Parallel()
	d, w := operations(t)
	id := w.submit(t, []int{3}, "failing.csv", "--wait")
	report := func(url string) string {
		got, out := w.bash(t, "enqueue results "+id+" --redis "+url)
		if got != 0 || strings.Count(out, "\n") < 400 {
			t.Fatalf("no report: %d %s", got, out)
		}
		return out
	}
	want := report(w.url())
	if got, out := w.bash(t, w.real(t, shown(t, d, "redis-cli -u"))); got != 0 {
		t.Fatalf("no backup: %s", out)
	}
	if got := w.worker.stop(t); got != 0 {
		t.Fatalf("the worker's exit status is %d", got)
	}
	w.redis.Kill()

	dir, addr := t.TempDir(), free(t)
	backup, err := os.ReadFile(filepath.Join(w.dir, "backups", "storelink.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "storelink.rdb"), backup, 0o600); err != nil {
		t.Fatal(err)
	}
	port := addr[strings.LastIndexByte(addr, ':')+1:]
	serve := func(command string) *process {
		args := append(strings.Fields(command)[1:], "--bind", "127.0.0.1", "--port", port)
		p := start(t, dir, w.environ(), "redis-server", args...)
		p.says(t, "Ready to accept connections")
		return p
	}
	restored := serve(shown(t, d, "redis-server --appendonly no"))
	if got := report("redis://" + addr); got != want {
		t.Errorf("the restored report is another:\n%s", got)
	}
	for _, begins := range []string{"redis-cli config set appendonly", "redis-cli config set appendfsync"} {
		if got, out := w.bash(t, strings.Replace(shown(t, d, begins), "redis-cli", "redis-cli -p "+port, 1)); got != 0 {
			t.Fatalf("%s: %s", begins, out)
		}
	}
	written(t, addr)
	_ = restored.cmd.Process.Kill() // as a power cut would
	<-restored.exit
	serve(shown(t, d, "redis-server --appendonly yes"))
	if got := report("redis://" + addr); got != want {
		t.Errorf("the append-only file has another report:\n%s", got)
	}
}

// written waits until Redis has its append-only file, as the document says that one knows.
func written(t *testing.T, addr string) {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		info, err := client.InfoMap(ctx, "persistence").Result()
		if err != nil {
			t.Fatal(err)
		}
		if p := info["Persistence"]; p["aof_rewrite_in_progress"] == "0" && p["aof_last_bgrewrite_status"] == "ok" &&
			p["aof_rewrite_scheduled"] == "0" && p["aof_enabled"] == "1" {
			return
		}
		<-look.C
	}
}

func TestTheRedisUserOfTheDocumentMayDoAllThatIsNeeded(t *testing.T) {
	t.Parallel()
	d, w := operations(t)
	if got := w.worker.stop(t); got != 0 {
		t.Fatalf("the worker's exit status is %d", got)
	}
	port := w.redis.Addr[strings.LastIndexByte(w.redis.Addr, ':')+1:]
	user := strings.Replace(shown(t, d, "redis-cli acl"), "redis-cli", "redis-cli -p "+port, 1)
	if got, out := w.bash(t, user); got != 0 || !strings.Contains(out, "OK") {
		t.Fatalf("no user: %s", out)
	}
	w.env["REDIS_URL"] = "redis://storelink:change-this-password@" + w.redis.Addr + "/0"
	w.serve(t)
	target := " --account acme --brand 120344 --coupon 1000000013 --stock 98065001"
	for _, line := range []string{
		"enqueue associate stores.csv --wait" + target, "enqueue resync stores.csv --prune --verify --wait" + target,
		"enqueue onboard manifest.yaml --wait", "enqueue jobs", "enqueue accounts", "enqueue schedule list",
		"enqueue schedule add nightly --cron @hourly associate " + filepath.Join(w.dir, "lists/stores.csv") + target,
		"enqueue schedule run nightly", "enqueue schedule remove nightly",
	} {
		if got, out := w.bash(t, line); got != 0 {
			t.Errorf("%s: exit status %d\n%s", line, got, out)
		}
	}
	refused, err := w.redis.Client.ACLLog(t.Context(), 10).Result()
	refused = slices.DeleteFunc(refused, func(e *redis.ACLLogEntry) bool { return e.Object == "config|get" }) // which it copes without
	if err != nil || len(refused) > 0 {
		t.Errorf("Redis refused %+v (%v)\n%s", refused, err, w.worker.out)
	}
	if strings.Contains(w.worker.out.String(), "change-this-password") {
		t.Error("the log has the password in it")
	}
}
