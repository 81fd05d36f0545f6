package docs_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// rule says what becomes of the commands that it matches. The first that matches counts.
type rule struct {
	match string // of a whole command, as a regular expression
	why   string // of one that is not run as it stands: what is done instead
	do    func(*testing.T, *world, command, []string)
}

// rules are for all commands that a document may show. One that none of them matches fails the test: it has to be given a
// rule here, and to be run unless that cannot be.
func rules() []rule {
	return []rule{
		{`export (\w+=\S+( |$))+`, "", exported},
		{`export \w+=\$\(.*`, "what the shell makes of it is seen to be something", ran},

		// Ours.
		{`go run \./cmd/(enqueue|worker|sandbox)\b(.*)`, "the program is built already", func(t *testing.T, w *world, c command, m []string) {
			c.text = m[1] + m[2]
			w.run(t, c)
		}},
		{`docker compose run --rm (\w+) (.*)`, "what the container would run is run, if the service exists", inContainer},
		{`docker run --rm storelink (.*)`, "what the container would run is run", again},
		{`(?:sudo )?/usr/(?:local/)?(?:lib/storelink|bin)/((?:worker|enqueue|sandbox)\b.*)`, "it is run from where it was built", again},
		{`sudo -u storelink (?:/usr/lib/storelink/)?(.*)`, "it is run, as nobody else", again},
		{`(?:source <\()?(enqueue completion \w+)(?: > .*|\))?`, "it is printed, and put nowhere", again},
		{`(worker|sandbox) .*(--help|--version|--healthcheck).*|worker (check|completion)\b.*`, "", ran},
		{`worker( .*)?`, "it is stopped once it is ready", served},
		{`sandbox (.*)`, "it is stopped once it listens", simulated},
		{`enqueue schedule (add|show|pause|resume|run|remove) ([a-z]+)(?: .*)?`, "", scheduled},
		{`enqueue (.*)|(zcat|cat) .*\| enqueue .*`, "", ran},

		// Redis.
		{`redis-server (.*)`, "it is stopped once it is as the command says", redisServer},
		{`redis-cli .*--(latency|stat).*`, "it goes on until it is stopped", func(*testing.T, *world, command, []string) {}},
		{`(?:docker compose exec redis )?redis-cli (.*)`, "it is sent to the world's own Redis", redisCLI},

		// Go.
		{`go test \./\.\.\.|go test ((-\S+|\./\S+) ?)+`, "this is one of them: the packages must be there", goList},
		{`go (install|build|vet) ((-\S+|\./\S+) ?)+`, "TestMain builds the programs: the packages must be there", goList},
		{`go run (\./\S+)( .*)?`, "it takes minutes: its folder must be there, and its flags", goFlags},
		{`cd bench( && go run \.( .*)?)?`, "it takes minutes: its folder must be there, and its flags", benchFlags},
		{`go run examples/generate\.go`, "it would write into the repository: the file must be there", needs("examples/generate.go")},
		{`go run \.( .*)?`, "bench/README.md: it takes minutes", benchFlags},
		{`\./setup`, "bench/README.md: it installs packages", needs("bench/setup")},

		// What no test may do to the machine that it runs on.
		{`install (.*)`, "the files that it takes from here must be there", installed},
		{`docker build .*`, "the file must be there", needs("Dockerfile")},
		{`docker compose (?:--profile (\w+) )?(\w+)(.*)`, "the profile and the services that it names must be there", composed},
		{`(?:sudo )?(?:systemctl|journalctl) (.*)`, "the units that it names must be there", units},
		{`(?:sudo )?apt(?:-get)? (install|update).*`, "Debian's own", func(*testing.T, *world, command, []string) {}},

		{`cp storelink\.example\.yaml storelink\.yaml`, "the world has one already", needs("storelink.example.yaml")},

		// Debian's tools, within the world's folder.
		{`(curl|jq|openssl|cp|mkdir|mv|chmod|cat|ls|cd|grep|zcat|gzip|gunzip|tar|sha256sum|promtool|chromium|date) .*`, "", tool},
	}
}

// statuses are the exit statuses of commands whose status is not 0.
var statuses = []struct {
	match  string
	status int
}{
	{`enqueue associate examples/stores-bad-rows\.csv.*`, 2},
	{`enqueue watch "\$\(.*`, 0},
	{`enqueue (watch|retry .*--wait).*`, 3}, // JOB has a store that failed
	{`worker --healthcheck`, 1},
}

// instead are real values for what documents write in their place.
func (w *world) real(t *testing.T, text string) string {
	t.Helper()
	for _, r := range [][2]string{
		{`redis://127\.0\.0\.1:6379/0`, w.url()},
		{`127\.0\.0\.1:8080`, w.http},
		{`/etc/storelink\b`, w.dir},
		{`/srv/lists\b`, filepath.Join(w.dir, "lists")},
		{`/tmp/sandbox\b`, filepath.Join(w.dir, "sandbox")},
		{`/var/backups\b`, filepath.Join(w.dir, "backups")},
		{`\bACCOUNT\b`, "acme"},
		{`^worker check$`, "worker check --config storelink.yaml"},
		{`\bworker check --json\b`, "worker check --config storelink.yaml --json"},
		{`\bLIST …`, "stores.csv --account acme --brand 120344 --coupon 1000000013 --stock 98065001 --wait"},
		{`\bLIST\b`, "stores.csv"},
		{`\bMANIFEST\b`, "manifest.yaml"},
		{`--output FILE\b`, "--output out.csv"},
		{`--batch ID\b`, "--batch JOB"},
		{`\b20260701-093000-k3jq7w2p\b`, "JOB"},
	} {
		text = regexp.MustCompile(r[0]).ReplaceAllLiteralString(text, r[1])
	}
	if regexp.MustCompile(`\bJOB\b`).MatchString(text) {
		text = regexp.MustCompile(`\bJOB\b`).ReplaceAllLiteralString(text, w.job(t, text))
	}
	return text
}

// job gives the ID of a job that a command can be run on.
func (w *world) job(t *testing.T, text string) string {
	t.Helper()
	var after any
	switch {
	case regexp.MustCompile(`\b(pause|cancel)\b`).MatchString(text):
		return w.busy(t)
	case regexp.MustCompile(`\bresume\b`).MatchString(text):
		id := w.busy(t)
		w.enqueue(t, &after, []int{0}, "pause", id)
		return id
	case strings.Contains(text, "--batch"):
		var said struct{ Batch string }
		w.enqueue(t, &said, []int{0}, "onboard", "manifest.yaml")
		return said.Batch
	default: // ended, and one of its stores failed
		return w.submit(t, []int{3}, "failing.csv", "--wait")
	}
}

// run does what the first rule says that matches a command.
func (w *world) run(t *testing.T, c command) {
	t.Helper()
	for _, r := range rules() {
		if m := regexp.MustCompile("^(?:" + r.match + ")$").FindStringSubmatch(c.text); m != nil {
			r.do(t, w, c, m)
			return
		}
	}
	t.Errorf("%s\nis in no list: docs/rules_test.go has to say how it is checked", c)
}

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
		before = "enqueue schedule add " + m[2] + " --replace --cron @yearly resync " + filepath.Join(w.dir, "lists", "stores.csv") +
			" --account acme --brand 120344 --coupon 1000000013 --stock 98065001"
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
	p := start(t, t.TempDir(), w.environ(), "redis-server", append(strings.Fields(m[1]), "--port", port, "--bind", "127.0.0.1")...)
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

// goList sees whether the packages that a go command names are there.
func goList(t *testing.T, _ *world, c command, m []string) {
	t.Helper()
	args := []string{"list"}
	for _, arg := range strings.Fields(m[0])[2:] {
		if strings.HasPrefix(arg, "./") {
			args = append(args, arg)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil || len(out) == 0 {
		t.Errorf("%s\n%v\n%s", c, err, out)
	}
}

// goFlags sees whether the program that go run names has the flags.
func goFlags(t *testing.T, _ *world, c command, m []string) {
	t.Helper()
	hasFlags(t, c, m[1], m[2])
}

func benchFlags(t *testing.T, _ *world, c command, m []string) {
	t.Helper()
	hasFlags(t, c, "bench", m[len(m)-1])
}

var flag = regexp.MustCompile(`(?:^|[\s\[(])--([a-z][a-z0-9-]*)`)

// hasFlags looks for the names of flags in the Go files of a folder.
func hasFlags(t *testing.T, c command, folder, args string) {
	t.Helper()
	var source string
	for _, path := range glob(t, strings.TrimPrefix(folder, "./")+"/*.go") {
		source += read(t, path)
	}
	if source == "" {
		t.Errorf("%s\n%s has no Go files", c, folder)
	}
	for _, m := range flag.FindAllStringSubmatch(args, -1) {
		if !strings.Contains(source, `"`+m[1]+`"`) {
			t.Errorf("%s\nthere is no flag --%s", c, m[1])
		}
	}
}

// needs sees whether a file of the repository is there.
func needs(path string) func(*testing.T, *world, command, []string) {
	return func(t *testing.T, _ *world, c command, _ []string) {
		t.Helper()
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Errorf("%s\n%v", c, err)
		}
	}
}

// services are those of docker-compose.yml.
func services(t *testing.T) []string {
	t.Helper()
	_, after, _ := strings.Cut(read(t, "docker-compose.yml"), "\nservices:\n")
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z][a-z0-9_-]*):$`).FindAllStringSubmatch(after, -1) {
		all = append(all, m[1])
	}
	return all
}

// inContainer runs what a service would be given, if its entry point is enqueue.
func inContainer(t *testing.T, w *world, c command, m []string) {
	t.Helper()
	if !slices.Contains(services(t), m[1]) {
		t.Errorf("%s\nthere is no service %s", c, m[1])
		return
	}
	if c.text = m[2]; m[1] == "enqueue" {
		c.text = "enqueue " + m[2]
	}
	w.run(t, c)
}

// composed sees whether the services that a command names are there.
func composed(t *testing.T, _ *world, c command, m []string) {
	t.Helper()
	profile, verb, rest := m[1], m[2], strings.Fields(m[3])
	if profile != "" && !strings.Contains(read(t, "docker-compose.yml"), "profiles: ["+profile+"]") {
		t.Errorf("%s\nno service has the profile %s", c, profile)
	}
	plain := regexp.MustCompile(`^[a-z]+(=[0-9]+)?$`)
	switch verb {
	case "up", "down", "stop", "start", "restart", "ps", "logs", "build", "pull":
	case "exec":
		i := slices.IndexFunc(rest, plain.MatchString)
		rest = rest[max(i, 0):max(i+1, 0)] // what follows is the command
	case "cp":
		rest = []string{regexp.MustCompile(`([a-z]+):`).FindString(m[3])}
	default:
		t.Errorf("%s\ndocker compose %s is not known here", c, verb)
	}
	for _, arg := range rest {
		name, _, _ := strings.Cut(strings.TrimSuffix(arg, ":"), "=")
		if plain.MatchString(name) && !slices.Contains(services(t), name) {
			t.Errorf("%s\nthere is no service %s", c, name)
		}
	}
}

// units sees whether the units of ours that a command names are there.
func units(t *testing.T, _ *world, c command, m []string) {
	t.Helper()
	named := 0
	for _, arg := range strings.Fields(m[1]) {
		name := strings.TrimSuffix(arg, ".service")
		if !strings.HasPrefix(name, "storelink") {
			continue
		}
		named++
		if template, _, ok := strings.Cut(name, "@"); ok {
			name = template + "@"
		}
		if len(glob(t, "deploy/systemd/"+name+".*")) == 0 {
			t.Errorf("%s\ndeploy/systemd has no unit %s", c, name)
		}
	}
	if named == 0 && !slices.ContainsFunc([]string{"daemon-reload", "redis"}, func(s string) bool { return strings.Contains(m[1], s) }) {
		t.Errorf("%s\nnames no unit", c)
	}
}
