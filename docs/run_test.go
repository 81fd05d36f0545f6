package docs_test

import (
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// again runs the part of a command that is ours.
func again(t *testing.T, w *world, c command, m []string) {
	t.Helper()
	if c.text = m[1]; c.text == m[0] {
		ran(t, w, c, m)
		return
	}
	w.run(t, c)
}

// installed sees whether the files of the repository are there that install is given.
func installed(t *testing.T, _ *world, c command, m []string) {
	t.Helper()
	for _, word := range strings.Fields(m[1]) {
		if inTree.MatchString(word) && len(glob(t, word)) == 0 {
			t.Errorf("%s\nthere is no %s", c, word)
		}
	}
}

// exported sets a variable for the commands that follow.
func exported(t *testing.T, w *world, c command, _ []string) {
	for _, part := range strings.Fields(c.text)[1:] {
		name, value, _ := strings.Cut(part, "=")
		w.env[name] = w.real(t, value)
	}
}

// ran runs a command, and looks at its exit status and at what it is said to print.
func ran(t *testing.T, w *world, c command, _ []string) {
	t.Helper()
	want := 0
	for _, s := range statuses {
		if regexp.MustCompile("^(?:" + s.match + ")$").MatchString(c.text) {
			want = s.status
			break
		}
	}
	line := w.real(t, c.text)
	got, out := w.bash(t, line)
	if got != want {
		t.Errorf("%s\nexit status %d, want %d:\n%s", c, got, want, out)
	}
	if c.prints != nil && out != *c.prints {
		t.Errorf("%s\nprints\n%sand the document says\n%s", c, out, *c.prints)
	}
	var printed []string
	for line := range strings.Lines(out) {
		printed = append(printed, plain(line))
	}
	for _, line := range c.shows {
		if !slices.Contains(printed, plain(line)) {
			t.Errorf("%s\nnever prints %q, but\n%s", c, line, out)
		}
	}
	if strings.Contains(line, "enqueue ") {
		w.settled(t)
	}
}

// scheduled runs a command on a schedule, which is there unless it is to be added.
func scheduled(t *testing.T, w *world, c command, m []string) {
	t.Helper()
	before := "enqueue schedule remove " + m[2] + " 2>&1 || true"
	if m[1] != "add" {
		before = "enqueue schedule add " + m[2] + " --replace --cron @yearly resync " +
			filepath.Join(w.dir, "lists", "stores.csv") + " --account acme --brand 120344 --coupon 1000000013 --stock 98065001"
	}
	if got, out := w.bash(t, before); got != 0 {
		t.Fatalf("%s\n%s: %s", c, before, out)
	}
	ran(t, w, c, m)
}

// tool runs one of Debian's tools, where it is installed.
func tool(t *testing.T, w *world, c command, m []string) {
	t.Helper()
	for _, part := range regexp.MustCompile(`\|`).Split(c.text, -1) {
		name, _, _ := strings.Cut(strings.TrimSpace(part), " ")
		if _, err := exec.LookPath(name); err != nil && name != "cd" && !regexp.MustCompile(`^\W`).MatchString(name) {
			t.Logf("%s: not run, there is no %s here", c, name)
			return
		}
	}
	ran(t, w, c, m)
}

// serves is what a worker says of where it serves.
const serves = `(?:address=|"address":")(?:http://)?([^"/\s]+)`

// served starts a worker, waits until it is ready, and stops it.
func served(t *testing.T, w *world, c command, _ []string) {
	t.Helper()
	p := start(t, w.dir, w.environ(), "bash", "-c", "exec "+w.real(t, c.text)+" --http 127.0.0.1:0")
	addr := p.says(t, serves)[1]
	p.says(t, "worker started")
	res, err := http.Get("http://" + addr + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("%s\n/healthz: %s", c, res.Status)
	}
	if got := p.stop(t); got != 0 {
		t.Errorf("%s\nexit status %d:\n%s", c, got, p.out)
	}
}

// simulated starts a sandbox, waits until it listens, and stops it. What it wrote must be good for a worker.
func simulated(t *testing.T, w *world, c command, _ []string) {
	t.Helper()
	p := start(t, w.dir, w.environ(), "bash", "-c", "exec "+w.real(t, c.text))
	path := p.says(t, `configuration in (\S+)`)[1]
	served(t, w, command{doc: c.doc, line: c.line, text: "worker --config " + path}, nil)
	if got := p.stop(t); got != 0 {
		t.Errorf("%s\nexit status %d:\n%s", c, got, p.out)
	}
}

// redisServer starts a Redis, asks it for each setting of the command line, and stops it.
func redisServer(t *testing.T, w *world, c command, m []string) {
	t.Helper()
	addr := free(t)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, t.TempDir(), w.environ(), "redis-server",
		append(strings.Fields(m[1]), "--port", port, "--bind", "127.0.0.1")...)
	p.says(t, "Ready to accept connections")
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	args := strings.Fields(m[1])
	for i := 0; i+1 < len(args); i += 2 {
		name := strings.TrimPrefix(args[i], "--")
		if got, err := client.ConfigGet(t.Context(), name).Result(); err != nil || got[name] != args[i+1] {
			t.Errorf("%s\n%s is %q (%v)", c, name, got[name], err)
		}
	}
	if got := p.stop(t); got != 0 {
		t.Errorf("%s\nexit status %d:\n%s", c, got, p.out)
	}
}

// redisCLI sends a command to the world's Redis.
func redisCLI(t *testing.T, w *world, c command, m []string) {
	t.Helper()
	if _, err := exec.LookPath("redis-cli"); err != nil {
		t.Logf("%s: not run, there is no redis-cli here", c)
		return
	}
	host, port, err := net.SplitHostPort(w.redis.Addr)
	if err != nil {
		t.Fatal(err)
	}
	at := "redis-cli -h " + host + " -p " + port + " "
	if strings.HasPrefix(m[1], "-u ") {
		at = "redis-cli "
	}
	c.text = at + m[1]
	got, out := w.bash(t, w.real(t, c.text))
	if got != 0 || strings.HasPrefix(out, "ERR") {
		t.Errorf("%s\nexit status %d:\n%s", c, got, out)
	}
}
