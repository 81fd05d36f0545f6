// Command bench measures what storelink costs, against the targets of docs/performance.md and beside what people would use
// instead: each comparison alternates its sides in one run and gives the ratio's median and spread. Everything measured is a
// process of its own.
//
//	go run . --only allowance --grid   every case of the rate limit, some two hours
//	go run .                       all of it, a good hour
//	go run . --only throughput     one comparison
//	go run . --quick               a look at each, for whoever changes them
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/storelink/storelink/bench/harness"
)

// comparisons are all there are, in the order in which they run.
var comparisons = []struct {
	name string
	what string
	run  func(*bench) ([]harness.Figure, error)
}{
	{"throughput", "stores a second with the pace off, against a bare loop, and peers", throughput},
	{"enqueue", "what enqueuing and reporting cost, over three sizes", sizes},
	{"memory", "Redis memory a store", memory},
	{"retries", "calls made over calls needed", retries},
	{"wake", "from commit to the first call; what idle accounts cost", wake},
	{"allowance", "share of the allowance used, what little of the grid decides (--grid: all of it), and peers'", allowance},
	{"refused", "ten runs of a minute at a jitter of 20 ms: calls refused", refused},
	{"distance", "Redis moves away during a job, and comes back", distance},
	{"clock", "Redis' clock is set during a job", clock},
	{"storm", "WeChat Pay refuses everything for ten seconds", storm},
	{"backoff429", "from a 429 to quiet, and back", backoff429},
	{"road", "share of the allowance where the jitter is below TCP (needs root)", road},
	{"accounts", "ten accounts in one worker", accounts},
	{"priority", "a high job beside one of a million", priority},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if job := os.Getenv(roadJob); job != "" {
		err = onRoad(ctx, job)
	} else {
		err = run(ctx)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	only := flag.String("only", "", "comparisons, separated by commas (default: all)")
	grid := flag.Bool("grid", false, "of allowance, all 162 cases")
	parallel := flag.Int("parallel", 2*runtime.NumCPU(), "how many cases of the rate limit run at a time: each takes some 5 % of a core")
	quick := flag.Bool("quick", false, "a small and short run: its figures say little")
	jsonFile := flag.String("json", "", "write the figures to `FILE` as JSON")
	update := flag.Bool("update", false, "keep the figures of --json's file for the comparisons that are not run")
	write := flag.String("write", "", "put the table into `FILE`, between its markers")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "go run . [flags]")
		flag.PrintDefaults()
		for _, c := range comparisons {
			fmt.Fprintf(os.Stderr, "  %-12s %s\n", c.name, c.what)
		}
	}
	flag.Parse()
	wanted := strings.Split(*only, ",")
	for _, name := range wanted {
		if name != "" && !slices.ContainsFunc(comparisons, func(c struct {
			name string
			what string
			run  func(*bench) ([]harness.Figure, error)
		}) bool {
			return c.name == name
		}) {
			return fmt.Errorf("--only %s: there is no such comparison (see --help)", name)
		}
	}
	dir, err := os.MkdirTemp("", "storelink-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{ctx: ctx, dir: dir, bin: filepath.Join(dir, "bin"), quick: *quick, grid: *grid, parallel: max(1, *parallel), log: logged}
	if load := harness.Load(); load > 1 {
		b.log("the load average is %.1f on %d cores: others are at work here, and the figures will be worse than they are", load,
			runtime.NumCPU())
	}
	b.log("building")
	if _, err := harness.Output(ctx, "..", "go", "build", "-o", b.bin+"/", "./cmd/enqueue", "./cmd/worker", "./cmd/sandbox"); err != nil {
		return err
	}
	if _, err := harness.Output(ctx, ".", "go", "build", "-o", b.bin+"/", "./peer"); err != nil {
		return err
	}
	doc := document{At: time.Now().UTC(), Machine: harness.ThisMachine(), Versions: b.versions(), Quick: *quick}
	var failures []error
	var before document
	if *update {
		text, err := os.ReadFile(*jsonFile)
		if err == nil {
			err = json.Unmarshal(text, &before)
		}
		if err != nil {
			return fmt.Errorf("--update: %w", err)
		}
	}
	for _, c := range comparisons {
		if *only != "" && !slices.Contains(wanted, c.name) {
			for _, f := range before.Figures {
				if f.Comparison == c.name {
					doc.Figures = append(doc.Figures, f)
				}
			}
			continue
		}
		b.log("%s: %s", c.name, c.what)
		began := time.Now()
		figures, err := c.run(b)
		for i := range figures {
			figures[i].Comparison = c.name
		}
		doc.Figures = append(doc.Figures, figures...)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", c.name, err))
			b.log("%s FAILED: %v", c.name, err)
			continue
		}
		b.log("%s took %v", c.name, time.Since(began).Round(time.Second))
	}
	table := doc.header() + "\n" + harness.Table(doc.Figures)
	fmt.Print(table)
	if *jsonFile != "" {
		text, err := json.MarshalIndent(doc, "", "  ")
		if err == nil {
			err = os.WriteFile(*jsonFile, append(text, '\n'), 0o644)
		}
		failures = append(failures, err)
	}
	if *write != "" {
		failures = append(failures, put(*write, table))
	}
	return errors.Join(failures...)
}

func logged(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

// document is a run as JSON.
type document struct {
	At       time.Time         `json:"at"`
	Machine  harness.Machine   `json:"machine"`
	Versions map[string]string `json:"versions"`
	Quick    bool              `json:"quick"`
	Figures  []harness.Figure  `json:"figures"`
}

func (d document) header() string {
	names := make([]string, 0, len(d.Versions))
	for name, v := range d.Versions {
		names = append(names, name+" "+v)
	}
	slices.Sort(names)
	quick := ""
	if d.Quick {
		quick = " A quick run: its figures say little."
	}
	return fmt.Sprintf("%s, %s, %d cores, %.0f GB, Linux %s; %s.%s\n", d.At.Format("2006-01-02"), d.Machine.CPU, d.Machine.Cores,
		d.Machine.MemoryGB, d.Machine.Kernel, strings.Join(names, ", "), quick)
}

func (b *bench) versions() map[string]string {
	v := map[string]string{"Go": runtime.Version()}
	tell := func(name, field string, argv ...string) {
		if out, err := harness.Output(b.ctx, ".", argv[0], argv[1:]...); err == nil {
			for _, f := range strings.Fields(out) {
				if rest, ok := strings.CutPrefix(f, field); ok && rest != "" {
					v[name] = rest
					return
				}
			}
		}
	}
	tell("commit", "", "git", "rev-parse", "--short", "HEAD")
	tell("Redis", "v=", "redis-server", "--version")
	if _, err := exec.LookPath("node"); err == nil {
		tell("Node.js", "v", "node", "--version")
	}
	if pg := postgresBin(); pg != "" {
		if out, err := harness.Output(b.ctx, ".", filepath.Join(pg, "postgres"), "--version"); err == nil {
			v["PostgreSQL"] = strings.Fields(out)[2]
		}
	}
	if text, err := os.ReadFile("bullmq/node_modules/bullmq/package.json"); err == nil {
		var p struct{ Version string }
		if json.Unmarshal(text, &p) == nil {
			v["BullMQ"] = p.Version
		}
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			switch m.Path {
			case "github.com/hibiken/asynq":
				v["asynq"] = m.Version
			case "github.com/redis/go-redis/v9":
				v["go-redis"] = m.Version
			}
		}
	}
	for path, name := range map[string]string{"github.com/riverqueue/river": "River",
		"github.com/wechatpay-apiv3/wechatpay-go": "wechatpay-go", "github.com/hibiken/asynq": "asynq"} {
		if out, err := harness.Output(b.ctx, ".", "go", "list", "-m", "-f", "{{.Version}}", path); err == nil {
			v[name] = out
		}
	}
	return v
}

// The markers between which a table stands in a document.
const (
	tableBegins = "<!-- bench:table -->\n"
	tableEnds   = "<!-- /bench:table -->"
)

func put(name, table string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), tableBegins)
	_, after, ok2 := strings.Cut(rest, tableEnds)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no %s", name, strings.TrimSpace(tableBegins))
	}
	return os.WriteFile(name, []byte(before+tableBegins+table+tableEnds+after), 0o644)
}
