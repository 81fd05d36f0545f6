package docs_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// rule says what becomes of the commands that it matches. The first that matches counts.
type rule struct {
	match string // of a whole command, as a regular expression
	why   string // of one that is not run as it stands: what is done instead
	do    func(*testing.T, *world, command, []string)
}

// rules are for all commands that a document may show. One that none of them matches fails the test: it has to be given
// a rule here, and to be run unless that cannot be.
func rules() []rule {
	return []rule{
		{`export (\w+=\S+( |$))+`, "", exported},
		{`export \w+=\$\(.*`, "what the shell makes of it is seen to be something", ran},

		// Ours.
		{`go run \./cmd/((?:enqueue|worker|sandbox)\b.*)`, "the program is built already", again},
		{`docker compose run --rm (\w+) (.*)`, "what the container would run is run, if the service exists", inContainer},
		{`docker run --rm storelink (.*)`, "what the container would run is run", again},
		{`(?:sudo )?/usr/(?:local/)?(?:lib/storelink|bin)/((?:worker|enqueue|sandbox)\b.*)`,
			"it is run from where it was built", again},
		{`sudo -u storelink (.*)`, "it is run, as nobody else", again},
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
		{`(?:STORELINK_\w+=\S+ )?go test (\./\S+) -fuzz (Fuzz\w+) -fuzztime \S+`, "it takes long: the package must have it", fuzzes},
		{`(?:STORELINK_\w+=\S+ )?go test ((-\S+|\./\S+) ?)+`, "this is one of them: the packages must be there", goList},
		{`make ([a-z]+)`, "the Makefile must have it", makes},
		{`go (install|build|vet) ((-\S+|\./\S+) ?)+`, "TestMain builds the programs: the packages must be there", goList},
		{`go run (\./\S+)( .*)?`, "it takes minutes: its folder must be there, and its flags", goFlags},
		{`cd bench( && go run \.( .*)?)?`, "it takes minutes: its folder must be there, and its flags", benchFlags},
		{`go run examples/generate\.go`, "it would write into the repository: the file must be there",
			needs("examples/generate.go")},
		{`go run \.( .*)?`, "bench/README.md: it takes minutes", benchFlags},
		{`\./setup`, "bench/README.md: it installs packages", needs("bench/setup")},

		// What no test may do to the machine that it runs on.
		{`install (.*)`, "the files that it takes from here must be there", installed},
		{`docker build .*`, "the file must be there", needs("Dockerfile")},
		{`docker compose (?:--profile (\w+) )?(\w+)(.*)`, "the profile and the services that it names must be there",
			composed},
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
