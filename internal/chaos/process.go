package chaos

import (
	"bytes"
	"context"
	"encoding/binary"
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

// Build makes the programs that a campaign runs.
func Build(ctx context.Context, module, bin string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", bin+string(filepath.Separator), "./cmd/enqueue", "./cmd/worker", "./cmd/sandbox")
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// process is a program at work. Its output is in a file of the run's folder.
type process struct {
	cmd  *exec.Cmd
	exit chan struct{}
	log  string // its output

	http    string // of a worker: where it tells how it does
	clock   *clock // of a worker: nil where it cannot be set
	reloads int    // of a worker: how often it has read its configuration again
	asked   bool   // it was told to end
}

// clock is the file that says how far a worker's clock is ahead, as testkit.Clock has it for redis-server.
type clock struct{ file string }

func (c *clock) shift(by time.Duration) error {
	f, err := os.OpenFile(c.file, os.O_CREATE|os.O_WRONLY, 0o600) // in place: the worker has it mapped
	if err != nil {
		return err
	}
	_, err = f.Write(binary.NativeEndian.AppendUint64(nil, uint64(by)))
	return errors.Join(err, f.Close())
}

// supervise starts workers again that could not start because Redis was away just then, as systemd and Docker do.
func (r *run) supervise() error {
	for i, w := range r.workers {
		if !w.gone() || w.asked || bytes.Contains(w.said(), []byte("worker started")) || w.cmd.ProcessState.ExitCode() != 1 {
			continue
		}
		r.logf("worker %d could not start, and is started again: %s", i, bytes.TrimSpace(w.said()))
		if err := r.replace(i); err != nil {
			return err
		}
	}
	return nil
}

// said is what a process has written so far.
func (p *process) said() []byte {
	text, _ := os.ReadFile(p.log)
	return text
}

// spawn starts one of our programs.
func (r *run) spawn(name string, args ...string) (*process, error) {
	return r.spawnWith(nil, name, args...)
}

// spawnWith is spawn with more in the program's environment.
func (r *run) spawnWith(env []string, name string, args ...string) (*process, error) {
	log, err := os.CreateTemp(r.Dir, name+"-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(r.Bin, name), args...)
	cmd.Env = append(environment(), env...)
	return begin(cmd, log)
}

// startWorker starts one of the run's workers, with a clock that can be set where the campaign has made such a program.
func (r *run) startWorker(i int) (*process, error) {
	name := "worker"
	if r.made(skewedWorker) != "" {
		name = skewedWorker
	}
	return r.spawnWorker(name, i, r.config)
}

func (r *run) spawnWorker(name string, i int, config string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	r.spawned++
	c := &clock{filepath.Join(r.Dir, fmt.Sprint("worker-clock-", r.spawned))}
	if err := c.shift(0); err != nil {
		return nil, err
	}
	p, err := r.spawnWith([]string{"STORELINK_CLOCK=" + c.file}, name, "--config", config, "--redis", r.redis.url, "--http", addr,
		"--log-level", "debug", "--log-format", []string{"text", "json"}[i%2])
	if err == nil {
		p.http, p.clock = addr, c
	}
	return p, err
}

// environment is that of our programs: this process' own, without what would configure them otherwise than the run does.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "STORELINK_") || strings.HasPrefix(v, "REDIS_URL=")
	})
}

func begin(cmd *exec.Cmd, log *os.File) (*process, error) {
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, exit: make(chan struct{}), log: log.Name()}
	go func() { // ends with the process, which kill waits for
		_ = cmd.Wait()
		close(p.exit)
	}()
	return p, nil
}

func (p *process) gone() bool {
	select {
	case <-p.exit:
		return true
	default:
		return false
	}
}

// kill ends it at once.
func (p *process) kill() {
	p.asked = true
	_ = p.cmd.Process.Kill() // it may be gone already
	<-p.exit
}

func (p *process) signal(sig syscall.Signal) { _ = p.cmd.Process.Signal(sig) } // the same

// enqueue runs the operator's command and reads its JSON; exit status 3 is an answer like 0. Where Redis cannot be reached
// for the moment, it is run again, unless it submits something.
func (r *run) enqueue(into any, args ...string) error {
	for end := time.Now().Add(time.Minute); ; {
		err := r.enqueueOnce(into, args...)
		if err == nil || args[0] == "associate" || args[0] == "resync" || !passing(err) || time.Now().After(end) {
			return err
		}
		if err := r.pause(500 * time.Millisecond); err != nil {
			return err
		}
	}
}

// passing says whether a command failed for Redis' sake.
func passing(err error) bool {
	return strings.Contains(err.Error(), `"code":"redis"`) || strings.Contains(err.Error(), `"code":"timeout"`) ||
		errors.Is(err, context.DeadlineExceeded)
}

func (r *run) enqueueOnce(into any, args ...string) error {
	ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(r.Bin, "enqueue"), args...)
	cmd.Env = environment()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 3) {
		if ctx.Err() != nil && r.ctx.Err() == nil {
			err = ctx.Err()
		}
		return fmt.Errorf("enqueue %s: %w: %s%s", strings.Join(args, " "), err, out.Bytes(), errs.Bytes())
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		return fmt.Errorf("enqueue %s: %w: %s", strings.Join(args, " "), err, out.Bytes())
	}
	return nil
}

// get asks the sandbox.
func (r *run) get(path string, read func(io.Reader) error) error {
	return r.ask(http.MethodGet, path, nil, read)
}

func (r *run) ask(method, path string, body io.Reader, read func(io.Reader) error) error {
	req, err := http.NewRequestWithContext(r.ctx, method, r.url+path, body)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		text, _ := io.ReadAll(res.Body)
		return fmt.Errorf("%s %s: %s %s", method, path, res.Status, text)
	}
	if read == nil {
		return nil
	}
	return read(res.Body)
}
