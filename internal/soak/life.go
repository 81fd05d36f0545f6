package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// round is how many deeds there are before they begin anew.
const round = 11

// perTarget is how many stores a job has, at most.
const perTarget = 600

// deed is something that is done with storelink.
type deed struct {
	name string
	do   func(*soak, context.Context) error
}

// deeds are what is done, one after another, again and again. Each has its own stocks, so that no target has two jobs.
var deeds = [round]deed{
	{"associate", func(s *soak, ctx context.Context) error { return s.submit(ctx, "associate", "a") }},
	{"dashboard", (*soak).read},
	{"disassociate", func(s *soak, ctx context.Context) error { return s.submit(ctx, "disassociate", "a", "--yes") }},
	{"resync", func(s *soak, ctx context.Context) error {
		return s.submit(ctx, "resync", "r", "--prune", "--max-prune", "100%", "--verify", "--detach", "--yes")
	}},
	{"status", (*soak).ask},
	{"onboard", (*soak).onboard},
	{"pause and resume", (*soak).hold},
	{"dashboard", (*soak).read},
	{"cancel", (*soak).cancel},
	{"lists", (*soak).turnLists},
	{"reload", (*soak).reload},
}

// live does things until the time is over, and takes samples.
func (s *soak) live(ctx context.Context) (samples []sample, err error) {
	file, err := os.Create(filepath.Join(s.dir, "samples.jsonl"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	fmt.Fprintf(os.Stderr, "soak: until %s; files in %s\n", time.Now().Add(s.length).Format(time.TimeOnly), s.dir)
	began := time.Now()
	end, half, do, look := time.After(s.length), time.After(s.length/2), time.NewTicker(s.pace), time.NewTicker(s.sample)
	defer do.Stop()
	defer look.Stop()
	for err == nil {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-half:
			err = s.keepKinds(ctx, "keys-half.txt")
		case <-end:
			return samples, s.keepKinds(ctx, "keys-end.txt")
		case <-look.C:
			one, err := s.look(ctx, time.Since(began))
			if err != nil {
				return nil, err
			}
			samples = append(samples, one)
			if err := json.NewEncoder(file).Encode(one); err != nil {
				return nil, err
			}
		case <-do.C:
			deed := deeds[s.turn%len(deeds)]
			s.turn++
			err := deed.do(s, ctx)
			s.counts[deed.name]++
			if err != nil {
				s.counts[deed.name+" failed"]++
				fmt.Fprintf(os.Stderr, "soak: %s %s: %v\n", time.Now().Format(time.TimeOnly), deed.name, err)
			}
		}
	}
	return nil, err
}

// keepKinds writes which keys there are to a file.
func (s *soak) keepKinds(ctx context.Context, name string) error {
	var b bytes.Buffer
	if err := s.kinds(ctx, &b); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.dir, name), b.Bytes(), 0o600)
}

// tell writes how often what was done.
func (s *soak) tell(out io.Writer) {
	var names []string
	for name := range s.counts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(out, "%-24s %5d times\n", name, s.counts[name])
	}
}

// enqueue runs the operator's command; what it printed. Exit status 3 is an answer like 0.
func (s *soak) enqueue(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "enqueue"), append(args, "--config", s.config)...)
	cmd.Env = s.environment()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 3) {
		return "", fmt.Errorf("enqueue %s: %w: %s%s", strings.Join(args, " "), err, out.Bytes(), errs.Bytes())
	}
	return out.String(), nil
}

// target are the flags that name one: by turns of both accounts, and of a few stocks each.
func (s *soak) target(kind string) []string {
	stock := fmt.Sprintf("%s-%d", kind, s.turn/round%4)
	if s.turn/round%2 == 0 {
		return []string{"--account", "sandbox-partner", "--brand", "120344", "--coupon", "1001", "--stock", stock}
	}
	return []string{"--account", "sandbox-brand", "--coupon", "1002", "--stock", stock}
}

// list writes a list of some hundred stores of a thousand that there are.
func (s *soak) list(name string) (path string, err error) {
	path = filepath.Join(s.dir, name+".csv")
	var b strings.Builder
	b.WriteString("store_id\n")
	for _, n := range s.rng.Perm(1000)[:200+s.rng.IntN(perTarget-200)] {
		fmt.Fprintln(&b, 100_000_000+n*1_000)
	}
	if err := os.WriteFile(path+".new", []byte(b.String()), 0o600); err != nil {
		return "", err
	}
	return path, os.Rename(path+".new", path) // a worker may read it at this moment
}

func (s *soak) submit(ctx context.Context, operation, kind string, flags ...string) error {
	path, err := s.list("list")
	if err != nil {
		return err
	}
	out, err := s.enqueue(ctx, append(append([]string{operation, path, "--json"}, s.target(kind)...), flags...)...)
	if err != nil {
		return err
	}
	var receipt struct{ Job string }
	if err := json.Unmarshal([]byte(out), &receipt); err != nil || receipt.Job == "" {
		return fmt.Errorf("no job in %q: %w", out, err)
	}
	s.jobs = append(s.jobs, receipt.Job)
	s.jobs = s.jobs[max(0, len(s.jobs)-20):]
	return nil
}

// onboard submits a batch of three targets.
func (s *soak) onboard(ctx context.Context) error {
	path, err := s.list("batch")
	if err != nil {
		return err
	}
	manifest := filepath.Join(s.dir, "onboard.yaml")
	text := fmt.Sprintf("defaults: {account: sandbox-partner, brand: \"120344\", coupon: \"1003\", list: %s}\n"+
		"targets:\n  - {stock: b-1}\n  - {stock: b-2}\n  - {bundle: b-3}\n", filepath.Base(path))
	if err := os.WriteFile(manifest, []byte(text), 0o600); err != nil {
		return err
	}
	_, err = s.enqueue(ctx, "onboard", manifest, "--json")
	return err
}

// ask asks for all that a person at a terminal would.
func (s *soak) ask(ctx context.Context) error {
	latest := s.jobs[len(s.jobs)-1]
	for _, args := range [][]string{{"status", latest}, {"jobs"}, {"accounts"}, {"schedule", "list"},
		{"results", latest, "--output", filepath.Join(s.dir, "report.csv")}} {
		if _, err := s.enqueue(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *soak) hold(ctx context.Context) error {
	if err := s.submit(ctx, "associate", "p"); err != nil {
		return err
	}
	latest := s.jobs[len(s.jobs)-1]
	for _, verb := range []string{"pause", "resume"} {
		if _, err := s.enqueue(ctx, verb, latest); err != nil && !strings.Contains(err.Error(), "completed") {
			return err
		}
	}
	return nil
}

func (s *soak) cancel(ctx context.Context) error {
	if err := s.submit(ctx, "associate", "c"); err != nil {
		return err
	}
	if _, err := s.enqueue(ctx, "cancel", s.jobs[len(s.jobs)-1], "--yes"); err != nil && !strings.Contains(err.Error(), "completed") {
		return err
	}
	return nil
}

// read looks at the dashboard of each worker, and at what machines look at.
func (s *soak) read(ctx context.Context) error {
	for _, w := range s.workers {
		for _, path := range []string{"/", "/jobs", "/schedules", "/metrics", "/readyz", "/jobs/" + s.jobs[len(s.jobs)-1], "/jobs/" + s.jobs[len(s.jobs)-1] + "/report.csv"} {
			if err := get(ctx, w.http, path); err != nil {
				return err
			}
		}
	}
	return nil
}

// schedule adds the schedules: one each ten seconds, so that its kept runs are full soon, and three each minute.
func (s *soak) schedule(ctx context.Context) error {
	for i, cron := range []string{"@every 10s", "* * * * *", "* * * * *", "* * * * *"} {
		path, err := s.list(fmt.Sprint("scheduled-", i))
		if err != nil {
			return err
		}
		operation := []string{"resync", path, "--prune", "--max-prune", "100%"}
		if i == 0 || i == 3 {
			operation = []string{"associate", path}
		}
		args := append([]string{"schedule", "add", fmt.Sprint("soak-", i), "--cron", cron, "--timezone", "UTC"}, operation...)
		if _, err := s.enqueue(ctx, append(args, "--account", "sandbox-partner", "--brand", "120344", "--coupon", "1004",
			"--stock", fmt.Sprint("s-", i))...); err != nil {
			return err
		}
	}
	return nil
}

// turnLists gives the schedules other lists, so that there is something to do.
func (s *soak) turnLists(context.Context) error {
	for i := range 4 {
		if _, err := s.list(fmt.Sprint("scheduled-", i)); err != nil {
			return err
		}
	}
	return nil
}

// reload has the workers read their accounts again, one of which has changed: its lane is served anew.
func (s *soak) reload(context.Context) error {
	text := s.plain
	if s.turn/round%2 == 0 {
		text = strings.Replace(text, "rate: 20", "rate: 19", 1)
	}
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		return err
	}
	for _, w := range s.workers {
		if err := w.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			return err
		}
	}
	return nil
}

// get asks a worker; all of the answer is read.
func get(ctx context.Context, host, path string) error {
	_, err := fetch(ctx, host, path)
	return err
}

func fetch(ctx context.Context, host, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, res.Status)
	}
	return text, err
}
